import ArgumentParser
import Operations

struct ConfigDiff: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "diff", abstract: "What differs between the policy in force and a directory, or between two versions.",
        discussion: """
            Without options: from the policy in force to Config. Templates are not compared: `martlet templates push --dry-run` does that.

            EXAMPLES
              martlet config diff --config /etc/martlet
              martlet config diff --from 11
              martlet config diff --from 11 --to 12 --json
            """)
    @Option(name: .long, help: ArgumentHelp("Directory with policy/.", valueName: "dir"), completion: .directory)
    var config: String?
    @Option(name: .long, help: "This version on the left; left out: the one in force.")
    var from: Int?
    @Option(name: .long, help: "This version on the right instead of a directory.")
    var to: Int?
    @OptionGroup var shared: SharedOptions

    func validate() throws {
        guard config == nil || to == nil else { throw ValidationError("Give --config or --to.") }
    }

    func run() async throws {
        // From an earlier version to what is in force, when only that is named.
        let new: ComparePolicies.Side =
            if let to { .version(to) } else if from != nil, config == nil { .version(nil) } else {
                .directory(try ConfigDirectory(config ?? .defaultConfigDirectory).load())
            }
        let output = try await shared.run(ComparePolicies(old: .version(from), new: new))
        shared.show(output) {
            let out = Terminal.out
            guard !output.files.isEmpty else { return out.line("no difference between \(output.old) and \(output.new)") }
            for file in output.files {
                out.line("--- \(file.name) (\(output.old))", .bold)
                out.line("+++ \(file.name) (\(output.new))", .bold)
                for line in file.lines {
                    let style: Style =
                        line.hasPrefix("+") ? .green : line.hasPrefix("-") ? .red : line.hasPrefix("@") ? .dim : .plain
                    out.line(Printable.line(line), style)
                }
            }
        }
    }
}

struct ConfigRollback: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "rollback", abstract: "Apply an earlier version of the policy again, as the newest version.",
        discussion: """
            Templates stay as they are. Shows what changes, and asks. Your files are not changed: write the same into them, or the next
            `config apply` brings back what was rolled back.

            EXAMPLES
              martlet config show --history
              martlet config rollback 11 --why "the new routes lose receipts" --dry-run
              martlet config rollback 11 --why "the new routes lose receipts"
            """)
    @Argument(help: "Number of the version, as `config show --history` lists it.")
    var version: Int
    @Option(name: .long, help: "Why, for the history and the audit.")
    var why: String
    @Flag(name: .long, help: "Show what would change and store nothing.")
    var dryRun = false
    @Flag(name: .shortAndLong, help: "Do not ask.")
    var yes = false
    @OptionGroup var shared: SharedOptions

    func validate() throws {
        guard !why.isEmpty else { throw ValidationError("--why must not be empty.") }
    }

    func run() async throws {
        let output = try await shared.withCluster { cluster, actor in
            let content = try await LoadEarlierPolicy(version: version).run(on: cluster, as: actor)
            var confirmed: PolicyChange?
            if !dryRun {
                let plan = try await PlanPolicy(content: content).run(on: cluster, as: actor)
                if !plan.change.isEmpty {
                    for line in plan.change.lines + plan.change.waitingLines(plan.waiting) { Terminal.error.line(line) }
                    try Confirmation.ask("Apply version \(version) of the policy again?", yes: yes)
                }
                confirmed = plan.change
            }
            return try await ApplyPolicy(
                content: content, note: why, pushesTemplates: false, dryRun: dryRun, confirmed: confirmed
            ).run(on: cluster, as: actor)
        }
        shared.show(output) {
            let out = Terminal.out
            for line in output.change.lines + output.change.waitingLines(output.waiting) where dryRun { out.line(line) }
            if let routes = output.routes { out.line(routes.line) }
            if output.isUnchanged {
                out.line("unchanged: that is what is in force, as version \(output.version ?? 0)")
            } else if dryRun {
                out.line("dry run: nothing was stored")
            } else {
                out.line("version \(version) is in force again, as version \(output.version ?? 0)", .green)
            }
        }
    }
}
