import Domain
import Settings
import Store
import Text

/// Pauses, drains or moves a provider, or uses it again. All workers follow within two seconds; PostgreSQL writes the audit.
public struct GiveProviderOrder: UseCase {
    public static let role = Role.admin

    public struct Output: Sendable, JSONConvertible {
        public var provider: String
        /// `paused`, `draining`, `moved`, `in use`.
        public var state: String
        public var json: JSONValue { ["provider": .string(provider), "state": .string(state)] }
    }

    public var provider: String
    /// nil: use it again.
    public var order: ProviderOrder?
    public var why: String
    public init(provider: String, order: ProviderOrder?, why: String) {
        self.provider = provider
        self.order = order
        self.why = why
    }

    public func perform(in context: OperationContext) async throws -> Output {
        let policy = try await context.currentPolicy().policy
        // One that the policy no longer has may still be resumed.
        if order != nil { try check(provider, policy) }
        if case .moved(let target) = order { try check(target, takesAllOf: provider, policy) }
        try await context.run(OrderProvider(provider, order, why: why))
        let state =
            switch order {
            case .paused: "paused"
            case .draining: "draining"
            case .moved: "moved"
            case nil: "in use"
            }
        return Output(provider: provider, state: state)
    }

    private func check(_ name: String, _ policy: Policy) throws(OperationError) {
        guard policy.providers[name] == nil else { return }
        throw OperationError(
            .refused, "there is no provider `\(name)` in the policy",
            hint: knownWords(name, among: policy.providers.keys).capitalisedFirst)
    }

    private func check(_ target: String, takesAllOf provider: String, _ policy: Policy) throws(OperationError) {
        try check(target, policy)
        let (own, others) = (policy.providers[provider]?.channels ?? [], policy.providers[target]?.channels ?? [])
        guard !Set(own).isSubset(of: others) else { return }
        func list(_ channels: [Channel]) -> String { channels.map(\.rawValue).joined(separator: ", ") }
        throw OperationError(
            .refused, "\(target) does not carry all channels of \(provider)",
            hint: "\(provider) has \(list(own)), \(target) has \(list(others))")
    }
}
