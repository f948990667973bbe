import Domain
import Store
import Text

/// Stores those of the given templates that differ as the next version: all or none. Messages that wait are rendered with the newest version.
public struct StoreTemplates: UseCase {
    public static let role = Role.admin

    public struct Output: Sendable, JSONConvertible {
        public var isDryRun: Bool
        public var pushed: [PushTemplates.Pushed]
        public var json: JSONValue { ["dry_run": .bool(isDryRun), "pushed": pushed.json] }
    }

    public var templates: [Template]
    /// Why, for the audit.
    public var note: String?
    public var dryRun: Bool
    public init(templates: [Template], note: String?, dryRun: Bool = false) {
        self.templates = templates
        self.note = note
        self.dryRun = dryRun
    }

    public func perform(in context: OperationContext) async throws -> Output {
        try await context.transaction(first: LockConfiguration()) { connection in
            let pushed = try await connection.run(PushTemplates(templates: templates))
            let audit = InsertAudit(
                action: "push_templates", object: "\(pushed.count)", why: note, detail: pushed.json.text)
            return (Output(isDryRun: dryRun, pushed: pushed), dryRun || pushed.isEmpty ? nil : audit)
        }
    }
}
