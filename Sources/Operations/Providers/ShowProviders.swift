import Domain
import Store
import Text

/// Every provider: in use or stopped, its circuit, its answers a second. Admins see those of the policy that no worker uses too.
public struct ShowProviders: UseCase {
    public static let role = Role.reader

    public struct Output: Sendable, JSONConvertible {
        public var providers: [ListProviders.Provider]
        public var now: Timestamp
        public var json: JSONValue { providers.json }
    }

    public init() {}

    public func perform(in context: OperationContext) async throws -> Output {
        // A reader may not see the policy; then those are listed that are in use.
        var known: [String] = []
        if context.actor.isAdmin, let stored = try await context.run(LoadPolicy()) {
            known = try stored.policy().providers.keys.sorted()
        }
        let listed = try await context.run(ListProviders())
        let idle = known.filter { name in !listed.contains { $0.name == name } }.map(ListProviders.Provider.init(idle:))
        return Output(providers: (listed + idle).sorted { $0.name < $1.name }, now: try await context.now())
    }
}

extension ListProviders.Provider: JSONConvertible {
    public var json: JSONValue {
        [
            "provider": .string(name), "state": .string(state), "target": .text(target), "changed_at": .time(changedAt),
            "changed_by": .text(changedBy), "why": .text(why), "workers": .int(workers), "circuits_open": .int(circuitsOpen),
            "reason": .text(reason), "accepted_per_second": .double(accepted), "failed_per_second": .double(failed),
            "throttled_per_second": .double(throttled), "refused_per_second": .double(refused), "latency_ms": .double(latency),
            "unanswered": .int(unanswered), "waiting": .int(waiting),
        ]
    }
}
