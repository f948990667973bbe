import ArgumentParser
import Domain
import Operations

struct CapsGroup: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "caps", abstract: "Frequency caps of one recipient.", subcommands: [CapsShow.self])
}

struct CapsShow: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "show", abstract: "How much of every cap a recipient has used, and when the next place is free.",
        discussion: """
            Counts as the workers do, by the policy in force. Calendar windows need the recipient's zone (default: the sender's).

            EXAMPLES
              martlet caps show +8613800138000
              martlet caps show customer-4711 --tier vip --time-zone Asia/Shanghai --json
            """)
    @OptionGroup var recipient: RecipientArgument
    @Option(name: .long, help: "Tier of the recipient; left out: the plain limits.")
    var tier: String?
    @Option(name: .long, help: "IANA zone of the recipient.")
    var timeZone: String?
    @OptionGroup var shared: SharedOptions

    func run() async throws {
        let usage = try await shared.run(ShowCapUsage(recipient: recipient.value, tier: tier, timeZone: timeZone))
        shared.show(usage) { show(usage) }
    }

    private func show(_ usage: ShowCapUsage.Output) {
        var table = Table("cap", "window", "counts", "#used", "#limit", "#waiting", "frees")
        for cap in usage.caps {
            let frees = cap.never ? "never" : cap.freeAt.map { "\($0.shown) (\($0.relative(to: usage.now)))" } ?? "now"
            table.add(
                "\(cap.rule.name)", "\(cap.rule.window.shown)", "\(cap.rule.classes.joined(separator: ", "))", "\(cap.used)",
                "\(cap.limit)", "\(cap.reserved)", Table.Cell(frees, cap.isFree ? .green : .yellow))
        }
        Terminal.out.table(table)
        if usage.hits.isEmpty { Terminal.out.line("This recipient has taken no places (yet).") }
    }
}
