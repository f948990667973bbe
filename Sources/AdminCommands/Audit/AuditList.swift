import ArgumentParser
import Domain
import Operations
import Store

struct AuditGroup: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "audit", abstract: "Who did what, and why.", subcommands: [AuditList.self], defaultSubcommand: AuditList.self
    )
}

struct AuditList: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "list", abstract: "List what people did, newest first.",
        discussion: """
            EXAMPLES
              martlet audit
              martlet audit list --actor ann --since 7d
              martlet audit list --action requeue --object 252144690003968 --json
            """)
    @Option(name: .long, help: "Only what this role did.")
    var actor: String?
    @Option(name: .long, help: "Only this action, such as requeue, apply_config, pause_lane.")
    var action: String?
    @Option(name: .long, help: "Only this object: the id of a message, the name of a provider.")
    var object: String?
    @Option(name: .long, help: "How far back, such as 7d; left out: all that is kept.")
    var since: DurationArgument?
    @Option(name: .long, help: "Go on behind this line: the number that the page before ended with.")
    var after: Int64?
    @Option(name: .long, help: "At most so many.")
    var limit = 50
    @OptionGroup var shared: SharedOptions

    func validate() throws { try checkLimit(limit) }

    func run() async throws {
        var filter = AuditFilter()
        filter.actor = actor
        filter.action = action
        filter.object = object
        let found = try await shared.run(ShowAudit(filter: filter, within: since?.duration, after: after, limit: limit))
        shared.show(found) {
            var table = Table("time", "who", "action", "object", "why", "detail")
            for entry in found.entries {
                table.add(
                    "\(entry.at.shown)", "\(entry.actor)", "\(entry.action)", "\(entry.object)", "\(entry.why ?? "")",
                    Table.Cell(entry.detail ?? "", .dim))
            }
            Terminal.out.table(table)
            if let next = found.after { Terminal.out.line("there is more: --after \(next)", .bold) }
        }
    }
}
