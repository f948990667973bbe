import ArgumentParser
import Store

struct DeadLettersList: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "list", abstract: "List dead letters, newest death first, with a count by reason.",
        discussion: """
            EXAMPLES
              martlet dead-letters list
              martlet dead-letters list --class transactional --reason attempts_exhausted --older-than 1h
              martlet dead-letters list --provider mailhub --json | jq -r '.dead_letters[].id'
            """)
    @OptionGroup(title: "Filters") var which: DeadLetterFilterOptions
    @Option(name: .long, help: "The same as --last-provider.")
    var provider: String?
    @Option(name: .long, help: "At most so many.")
    var limit = 50
    @OptionGroup var shared: SharedOptions

    func validate() throws { try checkLimit(limit) }

    func run() async throws {
        var filter = which.filter
        filter.provider = filter.provider ?? provider
        let chosen = filter
        let (count, rows) = try await shared.withDatabase(.reader) { [limit] database in
            try await database.withConnection { connection in
                try await connection.run(CountDeadLetters(filter: chosen), ListDeadLetters(filter: chosen, limit: limit))
            }
        }
        let out = Terminal.out
        if shared.json {
            out.json([
                "count": .int(count.total),
                "reasons": .object(count.reasons.map { .init(name: $0.reason, value: .int($0.count)) }),
                "dead_letters": .list(rows, \.json),
            ])
        } else if !rows.isEmpty {
            var table = Table("id", "died", "class", "channel", "to", "template", "provider", "reason")
            for row in rows {
                table.add(
                    "\(row.id)", "\(row.diedAt.relative(to: count.now))", "\(row.messageClass)", "\(row.channel)",
                    "\(row.address)",
                    "\(row.template)", "\(row.provider ?? "")", Table.Cell(row.reason, .red))
            }
            out.table(table)
            out.line()
            out.line(
                "\(rows.count) of \(count.total): " + count.reasons.map { "\($0.count) \($0.reason)" }.joined(separator: ", "))
        }
        if rows.isEmpty {
            throw AdminError(.notFound, chosen == DeadLetterFilter() ? "There are no dead letters." : "No dead letter matches.")
        }
    }
}
