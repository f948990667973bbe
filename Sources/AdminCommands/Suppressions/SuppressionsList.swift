import ArgumentParser
import Domain
import Operations
import Store

struct SuppressionsList: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "list", abstract: "List suppressions, newest first.",
        discussion: """
            EXAMPLES
              martlet suppressions list +8613800138000 --all
              martlet suppressions list --channel email --limit 100 --json
            """)
    @OptionGroup var recipient: RecipientFilter
    @Option(name: .long, help: "Only this channel.")
    var channel: String?
    @Flag(name: .long, help: "Lifted ones too.")
    var all = false
    @Option(name: .long, help: "At most so many.")
    var limit = 50
    @OptionGroup var shared: SharedOptions

    func validate() throws { try checkLimit(limit) }

    func run() async throws {
        let rows = try await shared.run(
            ShowSuppressions(recipient: recipient.value, channel: channel, includesLifted: all, limit: limit))
        shared.show(rows) {
            var table = Table("channel", "address", "scope", "reason", "since", "by", "lifted")
            for row in rows {
                let lifted = row.liftedAt.map { "\($0.shown) by \(row.liftedBy ?? "?"): \(row.liftReason ?? "")" } ?? ""
                table.add(
                    "\(row.channel)", "\(row.address)", "\(row.scope)", "\(row.reason)", "\(row.createdAt.shown)",
                    "\(row.createdBy)", Table.Cell(lifted, .dim))
            }
            Terminal.out.table(table)
        }
    }
}
