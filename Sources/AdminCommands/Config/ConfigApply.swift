import ArgumentParser
import Domain
import Rendering
import Settings
import Store

struct ConfigApply: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "apply", abstract: "Check policy and templates, show what changes, store it as the newest version.",
        discussion: """
            One transaction: policy, classes, senders, channels, templates and the audit row are stored together or not at all. Workers
            follow within seconds, without a restart. Files that did not change are not stored again. A class or sender that the files no
            longer have is retired after confirmation: nothing new is enqueued with it, and messages that wait are still sent. The command
            says how many messages wait of a class that is retired or moved to another lane; they are sent from where they are, by the last
            policy that had the class.

            EXAMPLES
              martlet config apply --config Config --note "caps for the spring sale"
              martlet config apply --config Config --dry-run
              martlet config apply --config Config --no-templates --yes
            """)
    @Option(name: .long, help: ArgumentHelp("Directory with policy/ and templates/.", valueName: "dir"), completion: .directory)
    var config = String.defaultConfigDirectory
    @Option(name: .long, help: "Why, for the history.")
    var note: String?
    @Flag(name: .long, help: "Show what would change and store nothing.")
    var dryRun = false
    @Flag(inversion: .prefixedNo, help: "Push the templates too.")
    var templates = true
    @Flag(name: .shortAndLong, help: "Do not ask.")
    var yes = false
    @OptionGroup var shared: SharedOptions

    private struct Result: Sendable {
        var version: Int?
        var change: JSONValue
        var lines: [String]
        var pushed: [PushTemplates.Pushed]
        /// By class that is retired or moved.
        var waiting: [String: Int] = [:]
        /// Of a dry run.
        var routes: RouteChanges?
    }

    func run() async throws {
        let content = try ConfigDirectory(config).load()
        if !shared.json { for warning in content.warnings { Terminal.error.line("warning: \(warning)", .yellow) } }
        let result = try await shared.withDatabase(.admin) { database in
            let before = try await database.run(LoadPolicy())
            let planned = ConfigChange(from: try before?.texts() ?? [:], to: content.files, policy: content.policy)
            let waiting =
                planned.classesTouched.isEmpty ? [:] : try await database.run(CountWaiting(classes: planned.classesTouched))
            if planned.retires, !dryRun {
                for line in planned.lines + planned.waitingLines(waiting) { Terminal.error.line(line) }
                try Confirmation.ask("Apply this and retire what is named?", yes: yes)
            }
            var result = try await apply(content, to: database, confirmed: planned)
            result.lines += planned.waitingLines(waiting)
            result.waiting = waiting
            if dryRun, let before {
                let waiting = try await database.run(WaitingMessages(limit: RouteChanges.most))
                result.routes = RouteChanges(waiting, from: try before.policy(), to: content.policy)
            }
            return result
        }
        show(result)
    }

    private func apply(
        _ content: ConfigDirectory.Content, to database: Database, confirmed: ConfigChange
    ) async throws -> Result {
        let texts = content.files
        let policy = content.policy
        // The template of events comes with the endpoints, whatever is pushed beside it.
        let pushes = (templates ? content.templates.map(\.template) : []) + (policy.webhooks.isEmpty ? [] : [Webhooks.template])
        return try await database.withConnection { [note, dryRun] connection in
            try await connection.begin(LockConfiguration())
            do {
                let stored = try await connection.run(LoadPolicy())
                let change = ConfigChange(from: try stored?.texts() ?? [:], to: texts, policy: policy)
                guard Set(change.lines).isSubset(of: confirmed.lines) || !change.retires else {
                    throw AdminError(.cancelled, "Somebody else applied a policy meanwhile.", hint: "Run it again.")
                }
                let pushed = try await connection.run(PushTemplates(templates: pushes))
                var version = stored?.version
                // A dry run writes nothing that counts up a number: versions stay without gaps.
                if !change.isEmpty, !dryRun {
                    version = Int(try await connection.run(InsertPolicy(policy, files: texts, note: note)))
                    _ = try await connection.run(
                        UpsertClasses(classes: policy.classes.values.sorted { $0.name < $1.name }),
                        UpsertSenders(
                            senders: policy.senders.values.sorted { $0.key < $1.key }, defaultSender: policy.defaultSender),
                        UpsertChannels(channels: policy.furtherChannels), UpsertBudgets(budgets: policy.budgets),
                        UpsertReceiptPromises(promises: policy.receiptPromises), UpsertWebhooks(webhooks: policy.webhooks))
                }
                let result = Result(version: version, change: change.json, lines: change.lines, pushed: pushed)
                if dryRun || (change.isEmpty && pushed.isEmpty) {
                    await connection.rollbackAfterError()
                } else {
                    let detail: JSONValue = [
                        "change": change.json,
                        "templates": .list(pushed) { .string("\($0.key) \($0.locale).\($0.channel) v\($0.version)") },
                    ]
                    _ = try await connection.commit(
                        InsertAudit(action: "apply_config", object: "\(version ?? 0)", why: note, detail: detail.text))
                }
                return result
            } catch {
                await connection.rollbackAfterError()
                throw error
            }
        }
    }

    private func show(_ result: Result) {
        let out = Terminal.out
        let isUnchanged = result.lines.isEmpty && result.pushed.isEmpty
        if shared.json {
            return out.json([
                "dry_run": .bool(dryRun), "changed": .bool(!isUnchanged), "version": .int(result.version),
                "change": result.change, "templates": .list(result.pushed, \.json), "routes": result.routes?.json ?? .null,
                "waiting": .object(result.waiting.sorted { $0.key < $1.key }.map { .init(name: $0.key, value: .int($0.value)) }),
            ])
        }
        for line in result.lines { out.line(line) }
        if let routes = result.routes { out.line(routes.line) }
        for template in result.pushed {
            out.line("template: \(template.key) \(template.locale).\(template.channel) version \(template.version)")
        }
        if isUnchanged {
            out.line("unchanged: policy version \(result.version ?? 0) is what \(config) says; nothing was stored")
        } else if dryRun {
            out.line("dry run: nothing was stored")
        } else {
            out.line("policy version \(result.version ?? 0) is in force; workers follow within seconds", .green)
        }
    }
}

extension InsertPolicy {
    init(_ policy: Policy, files: [String: String], note: String?) {
        let object = JSONValue.object(files.sorted { $0.key < $1.key }.map { .init(name: $0.key, value: .string($0.value)) })
        self.init(files: object.text, note: note, longestWindow: policy.longestCapWindow)
    }
}

extension PushTemplates.Pushed {
    var json: JSONValue {
        ["key": .string(key), "channel": .string(channel), "locale": .string(locale), "version": .int(version)]
    }
}
