import ArgumentParser
import Operations
import Store
import Text

struct ConfigApply: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "apply", abstract: "Check policy and templates, show what changes, store it as the newest version.",
        discussion: """
            One transaction: policy, classes, senders, channels, templates and the audit row are stored together or not at all. Workers \
            follow within seconds, without a restart. Files that did not change are not stored again.

            A class or sender that the files no longer have is retired after confirmation: nothing new is enqueued with it, and messages \
            that wait are still sent. The command says how many messages wait of a class that is retired or moved to another lane; they are \
            sent from where they are, by the last policy that had the class.

            --wait ends when each live worker sends by what was stored. Requeuing dead letters waits for that too.

            EXAMPLES
              martlet config apply --config Config --why "caps for the spring sale"
              martlet config apply --config Config --dry-run
              martlet config apply --config Config --no-templates --yes
              martlet config apply --config Config --wait --wait-at-most 2m
            """)
    @Option(name: .long, help: ArgumentHelp("Directory with policy/ and templates/.", valueName: "dir"), completion: .directory)
    var config = String.defaultConfigDirectory
    @Option(name: .long, help: "Why, for the history and the audit.")
    var why: String?
    @Option(name: .customLong("note"), help: .hidden)
    var before: String?
    @Flag(name: .long, help: "Show what would change and store nothing.")
    var dryRun = false
    @Flag(inversion: .prefixedNo, help: "Push the templates too.")
    var templates = true
    @Flag(name: .shortAndLong, help: "Do not ask.")
    var yes = false
    @OptionGroup(title: "Waiting") var waiting: PolicyWait
    @OptionGroup var shared: SharedOptions

    func run() async throws {
        let content = try ConfigDirectory(config).load()
        if !shared.json { for warning in content.warnings { Terminal.error.line("warning: \(warning)", .yellow) } }
        let (output, waited) = try await shared.withCluster { cluster, actor in
            var confirmed: PolicyChange?
            if !dryRun {
                let plan = try await PlanPolicy(content: content).run(on: cluster, as: actor)
                if plan.change.retires {
                    for line in plan.change.lines + plan.change.waitingLines(plan.waiting) { Terminal.error.line(line) }
                    try Confirmation.ask("Apply this and retire what is named?", yes: yes)
                }
                confirmed = plan.change
            }
            let apply = ApplyPolicy(
                content: content, note: try reason(why, before), pushesTemplates: templates, dryRun: dryRun, confirmed: confirmed)
            let output = try await apply.run(on: cluster, as: actor)
            return (output, dryRun ? nil : try await waiting.run(on: cluster, as: actor))
        }
        shared.show(waited.map { output.json.adding("wait", $0.json) } ?? output.json) { show(output, waits: waited != nil) }
        try waiting.conclude(waited, asJSON: shared.json)
    }

    private func show(_ output: ApplyPolicy.Output, waits: Bool) {
        let out = Terminal.out
        for line in output.change.lines + output.change.waitingLines(output.waiting) { out.line(line) }
        if let routes = output.routes { out.line(routes.line) }
        for template in output.pushed {
            out.line("template: \(template.key) \(template.locale).\(template.channel) version \(template.version)")
        }
        if output.isUnchanged {
            out.line("unchanged: policy version \(output.version ?? 0) is what \(config) says; nothing was stored")
        } else if dryRun {
            out.line("dry run: nothing was stored")
        } else {
            let rest = waits ? "" : "; workers follow within seconds (--wait waits for them)"
            out.line("policy version \(output.version ?? 0) is in force\(rest)", .green)
        }
    }
}

extension PolicyChange {
    var lines: [String] {
        [
            ("new file", filesAdded), ("changed", filesChanged), ("removed", filesRemoved), ("new class", classesAdded),
            ("retires class", classesRetired), ("retires sender", sendersRetired),
            ("moves class", classesMoved.map { "\($0.name) from lane \($0.from) to lane \($0.to)" }),
        ].flatMap { label, names in names.map { "\(label): \($0)" } }
    }

    /// What waits of the classes that are retired or moved, and what becomes of it.
    func waitingLines(_ counts: [String: Int]) -> [String] {
        func messages(_ name: String) -> String { counts[name] == 1 ? "1 message waits" : "\(counts[name] ?? 0) messages wait" }
        return classesRetired.map {
            "class \($0): \(messages($0))"
                + ((counts[$0] ?? 0) > 0 ? "; sent as the policy until now says, until none waits" : "")
        } + classesMoved.map { "class \($0.name): \(messages($0.name)) in lane \($0.from) or elsewhere; sent from there" }
    }
}

extension RouteChanges {
    var line: String {
        let scope = looked < Self.most ? "\(looked)" : "the first \(looked)"
        guard !moves.isEmpty else { return "routes: none of \(scope) waiting messages would change provider" }
        let list = sorted.map { "\($0.move.from ?? "none") → \($0.move.to ?? "none") \($0.messages)" }.joined(separator: ", ")
        return "routes: of \(scope) waiting messages \(moves.values.reduce(0, +)) would change provider: \(list)"
    }
}
