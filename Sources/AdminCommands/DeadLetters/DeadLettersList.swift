import ArgumentParser
import Domain
import Operations
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
        let found = try await shared.run(SearchDeadLetters(filter: filter, limit: limit))
        shared.show(found) { show(found) }
    }

    private func show(_ found: SearchDeadLetters.Output) {
        var table = Table("id", "died", "class", "channel", "to", "template", "provider", "reason")
        for row in found.rows {
            table.add(
                "\(row.id)", "\(row.diedAt.relative(to: found.now))", "\(row.messageClass)", "\(row.channel)",
                "\(row.address)", "\(row.template)", "\(row.provider ?? "")", Table.Cell(row.reason, .red))
        }
        let out = Terminal.out
        out.table(table)
        guard !found.rows.isEmpty else { return }
        out.line()
        let reasons = found.count.reasons.map { "\($0.count) \($0.reason)" }.joined(separator: ", ")
        out.line("\(found.rows.count) of \(found.count.total): " + reasons)
    }
}
