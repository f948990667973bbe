import Domain
import Rendering
import Store
import Text

/// Stores a configuration as the newest version: policy, classes, senders, channels, templates and the audit come together or not at all.
/// Workers follow within seconds. What is unchanged is not stored again.
public struct ApplyPolicy: UseCase {
    public static let role = Role.admin

    public struct Output: Sendable, JSONConvertible {
        public var isDryRun: Bool
        /// In force now; nil: none was ever applied.
        public var version: Int?
        public var change: PolicyChange
        public var pushed: [PushTemplates.Pushed]
        /// Messages that wait, of each class that is retired or moved.
        public var waiting: [String: Int] = [:]
        /// Of a dry run: which waiting messages would go by another provider.
        public var routes: RouteChanges?
        public var isUnchanged: Bool { change.isEmpty && pushed.isEmpty }

        public var json: JSONValue {
            [
                "dry_run": .bool(isDryRun), "changed": .bool(!isUnchanged), "version": .int(version), "change": change.json,
                "templates": pushed.json, "routes": routes?.json ?? .null,
                "waiting": .object(waiting) { .int($0) },
            ]
        }
    }

    public var content: ConfigDirectory.Content
    /// Why, for the history.
    public var note: String?
    public var pushesTemplates: Bool
    public var dryRun: Bool
    /// What somebody has seen and confirmed (`PlanPolicy`); needed when a class or sender is retired.
    public var confirmed: PolicyChange?

    public init(
        content: ConfigDirectory.Content, note: String?, pushesTemplates: Bool = true, dryRun: Bool = false,
        confirmed: PolicyChange? = nil
    ) {
        self.content = content
        self.note = note
        self.pushesTemplates = pushesTemplates
        self.dryRun = dryRun
        self.confirmed = confirmed
    }

    public func perform(in context: OperationContext) async throws -> Output {
        let before = dryRun ? try await context.run(LoadPolicy()) : nil
        var output = try await apply(context)
        // Retired classes are counted too: what waits of them is still sent.
        output.waiting = try await context.waiting(output.change)
        if let before {
            let waiting = try await context.run(WaitingMessages(limit: RouteChanges.most))
            output.routes = RouteChanges(waiting, from: try before.policy(), to: content.policy)
        }
        return output
    }

    private func apply(_ context: OperationContext) async throws -> Output {
        let policy = content.policy
        // The template of events comes with the endpoints, whatever is pushed beside it.
        let pushes =
            (pushesTemplates ? content.templates.map(\.template) : []) + (policy.webhooks.isEmpty ? [] : [Webhooks.template])
        return try await context.transaction(first: LockConfiguration()) { connection in
            let stored = try await connection.run(LoadPolicy())
            let change = PolicyChange(from: try stored?.texts() ?? [:], to: content.files, policy: policy)
            try check(change)
            let pushed = try await connection.run(PushTemplates(templates: pushes))
            var output = Output(isDryRun: dryRun, version: stored?.version, change: change, pushed: pushed)
            // A dry run writes nothing that counts up a number: versions stay without gaps.
            if !change.isEmpty, !dryRun { output.version = try await insert(policy, on: connection) }
            // Also where only templates are new: the version before may have stored less of the policy.
            if !dryRun { try await write(policy, on: connection) }
            return (output, dryRun || (change.isEmpty && pushed.isEmpty) ? nil : audit(output))
        }
    }

    private func check(_ change: PolicyChange) throws(OperationError) {
        guard change.retires, !dryRun else { return }
        guard let confirmed else {
            let names = (change.classesRetired + change.sendersRetired).joined(separator: ", ")
            throw OperationError(.refused, "This retires \(names), and that was not confirmed.", hint: "Look at the plan first.")
        }
        guard change == confirmed else {
            throw OperationError(.cancelled, "Somebody else applied a policy meanwhile.", hint: "Run it again.")
        }
    }

    private func insert(_ policy: Policy, on connection: StoreConnection) async throws -> Int {
        let files = JSONValue.object(content.files) { .string($0) }
        let version = try await connection.run(
            InsertPolicy(files: files.text, note: note, longestWindow: policy.longestCapWindow))
        return Int(version)
    }

    private func write(_ policy: Policy, on connection: StoreConnection) async throws {
        _ = try await connection.run(
            UpsertClasses(classes: policy.classes.values.sorted { $0.name < $1.name }),
            UpsertSenders(senders: policy.senders.values.sorted { $0.key < $1.key }, defaultSender: policy.defaultSender),
            UpsertChannels(channels: policy.furtherChannels), UpsertBudgets(budgets: policy.budgets),
            UpsertReceiptPromises(promises: policy.receiptPromises), UpsertWebhooks(webhooks: policy.webhooks))
    }

    private func audit(_ output: Output) -> InsertAudit {
        let templates = JSONValue.list(output.pushed) { .string("\($0.key) \($0.locale).\($0.channel) v\($0.version)") }
        let detail: JSONValue = ["change": output.change.json, "templates": templates]
        return InsertAudit(action: "apply_config", object: "\(output.version ?? 0)", why: note, detail: detail.text)
    }
}

extension PushTemplates.Pushed: JSONConvertible {
    public var json: JSONValue {
        ["key": .string(key), "channel": .string(channel), "locale": .string(locale), "version": .int(version)]
    }
}
