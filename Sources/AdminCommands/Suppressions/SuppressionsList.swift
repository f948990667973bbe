import ArgumentParser
import Store

struct SuppressionsList: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "list", abstract: "List suppressions, newest first.",
        discussion: """
            EXAMPLES
              martlet suppressions list --recipient +8613800138000 --all
              martlet suppressions list --channel email --limit 100 --json
            """)
    @Option(name: .long, help: "Only this address.")
    var recipient: String?
    @Option(name: .long, help: "Only this channel.")
    var channel: String?
    @Flag(name: .long, help: "Lifted ones too.")
    var all = false
    @Option(name: .long, help: "At most so many.")
    var limit = 50
    @OptionGroup var shared: SharedOptions

    func validate() throws { try checkLimit(limit) }

    func run() async throws {
        let statement = ListSuppressions(
            address: recipient.map(typedAddress), channel: channel, includesLifted: all, limit: limit)
        let rows = try await shared.withDatabase(.admin) { try await $0.run(statement) }
        if shared.json {
            Terminal.out.json(
                .list(rows) {
                    [
                        "id": .string(String($0.id)), "channel": .string($0.channel), "address": .string($0.address),
                        "scope": .string($0.scope), "reason": .string($0.reason), "created_at": .time($0.createdAt),
                        "created_by": .string($0.createdBy), "lifted_at": .time($0.liftedAt), "lifted_by": .text($0.liftedBy),
                        "lift_reason": .text($0.liftReason),
                    ]
                })
        } else if !rows.isEmpty {
            var table = Table("channel", "address", "scope", "reason", "since", "by", "lifted")
            for row in rows {
                let lifted = row.liftedAt.map { "\($0.shown) by \(row.liftedBy ?? "?"): \(row.liftReason ?? "")" } ?? ""
                table.add(
                    "\(row.channel)", "\(row.address)", "\(row.scope)", "\(row.reason)", "\(row.createdAt.shown)",
                    "\(row.createdBy)",
                    Table.Cell(lifted, .dim))
            }
            Terminal.out.table(table)
        }
        if rows.isEmpty { throw AdminError(.notFound, "No suppression matches.") }
    }
}
