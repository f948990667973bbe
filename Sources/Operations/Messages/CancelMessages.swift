import Domain
import Store
import Text

/// Cancels one message, or what a group has enqueued until now; what a provider has, or may have, stays. Audited with the reason.
public struct CancelMessages: UseCase {
    public static let role = Role.admin

    public enum Target: Sendable, Equatable {
        case message(MessageID)
        case group(String)
    }
    public struct Output: Sendable, JSONConvertible {
        public var isDryRun: Bool
        /// `cancelled`, `too_late` or `already_final`.
        public var result: String
        public var json: JSONValue { ["dry_run": .bool(isDryRun), "result": .string(result)] }
    }

    public var target: Target
    public var why: String
    public var dryRun: Bool
    public init(_ target: Target, why: String, dryRun: Bool = false) {
        self.target = target
        self.why = why
        self.dryRun = dryRun
    }

    public func perform(in context: OperationContext) async throws -> Output {
        guard !why.isEmpty else { throw OperationError(.refused, "A reason must be given.", hint: "It stays in the audit.") }
        return try await context.transaction(first: CurrentRights()) { connection in
            let result: String
            let object: String
            switch target {
            case .message(let id):
                result = try await connection.run(CancelOne(id: id))
                object = id.description
            case .group(let key):
                result = try await connection.run(CancelGroup(group: key))
                object = "group \(key)"
            }
            let audit = InsertAudit(action: "cancel", object: object, why: why, detail: nil)
            return (Output(isDryRun: dryRun, result: result), dryRun || result != "cancelled" ? nil : audit)
        }
    }
}
