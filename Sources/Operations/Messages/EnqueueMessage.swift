import Domain
import Store
import Text

/// Enqueues one message as a service would, in the name of the actor. Audited with the reason.
public struct EnqueueMessage: UseCase {
    public static let role = Role.admin

    public struct Output: Sendable, JSONConvertible {
        public var isDryRun: Bool
        /// nil: of a dry run.
        public var id: MessageID?
        public var json: JSONValue { ["dry_run": .bool(isDryRun), "id": id.map { .id($0) } ?? .null] }
    }

    /// The arguments of `martlet.enqueue` by name.
    public var row: BulkRow
    public var why: String
    public var dryRun: Bool
    public init(_ row: BulkRow, why: String, dryRun: Bool = false) {
        self.row = row
        self.why = why
        self.dryRun = dryRun
    }

    public func perform(in context: OperationContext) async throws -> Output {
        guard !why.isEmpty else { throw OperationError(.refused, "A reason must be given.", hint: "It stays in the audit.") }
        do {
            return try await context.transaction(first: CurrentRights()) { connection in
                let id = try await connection.run(EnqueueRows(rows: [row])).first
                let audit = InsertAudit(action: "enqueue", object: id?.description ?? "", why: why, detail: nil)
                return (Output(isDryRun: dryRun, id: dryRun ? nil : id), dryRun ? nil : audit)
            }
        } catch {
            var error = OperationError(error, role: Self.role)
            // There is only one.
            if error.message.hasPrefix("element 1: ") { error.message.removeFirst("element 1: ".count) }
            throw error
        }
    }
}
