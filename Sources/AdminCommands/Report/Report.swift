import ArgumentParser
import Domain
import Operations
import Store

struct Report: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "report", abstract: "What became of a campaign, and what it cost.",
        discussion: """
            Messages enqueued within --since before now, all or those of a group or class. opted out: people who opted out or
            complained within --opt-out-within after they had got one. clicked: messages of which a person followed a link, where the
            class tracks clicks; machines that look at links first are left out. opened is unreliable: many mail programs load no
            pictures, and some services load all of them without any reader. Cost is of hand-overs that were accepted, as providers bill
            them: a message that was sent twice is paid twice; messages in doubt are shown apart. Workers keep counts; what came since they
            counted last is read and added.

            EXAMPLES
              martlet report --group "spring sale"
              martlet report --class marketing --since 7d
              martlet report --since 1h --watch --every 5s
              martlet report --group "spring sale" --json | jq '.costs[] | {provider, currency, micros}'
            """)
    @Option(name: .long, help: "Only messages with this group key.")
    var group: String?
    @Option(name: .long, help: "Only messages of this class.")
    var `class`: String?
    @Option(name: .long, help: "How far back, 1s … 35d.")
    var since = DurationArgument(argument: "1d")!
    @Option(name: .long, help: "How long after a message an opt-out counts, 1s … 35d.")
    var optOutWithin = DurationArgument(argument: "7d")!
    @OptionGroup var watching: WatchOptions
    @OptionGroup var shared: SharedOptions

    func validate() throws {
        for (name, value) in [("--since", since), ("--opt-out-within", optOutWithin)]
        where !ReportOutcome.windows.contains(value.duration) {
            throw ValidationError("\(name) must be 1s … 35d: older messages are gone")
        }
    }

    func run() async throws {
        try await watching.run {
            let report = try await shared.run(
                ReportOutcome(
                    since: since.duration, group: group, messageClass: self.class, optOutWithin: optOutWithin.duration))
            shared.show(report) { show(report) }
        }
    }

    private func show(_ report: ReportOutcome.Output) {
        guard !report.messages.isEmpty else { return Terminal.out.line("none since \(report.since.shown)") }
        var table = Table(
            "class", "#messages", "#accepted", "#delivered", "#undelivered", "#delivered %", "#clicked", "#clicked %",
            "#opened (unreliable)", "#opted out", "#opted out %", "#waiting",
            "#suppressed", "#capped", "#expired", "#cancelled", "#dead")
        for row in report.messages {
            table.add(
                "\(row.messageClass)", "\(row.messages)", "\(row.accepted)", "\(row.delivered)", "\(row.undelivered)",
                "\(row.deliveredShare.map(percentText) ?? "")", "\(row.clicked)",
                "\(share(row.clicked, of: row.accepted).map(percentText) ?? "")", "\(row.opened)", "\(row.optedOut)",
                "\(share(row.optedOut, of: row.accepted).map(percentText) ?? "")", "\(row.waiting)", "\(row.suppressed)",
                "\(row.capped)", "\(row.expired)", "\(row.cancelled)", Table.Cell("\(row.dead)", row.dead > 0 ? .yellow : .plain))
        }
        Terminal.out.table(table)
        guard !report.costs.isEmpty else { return }
        var list = Table(
            "class", "provider", "#accepted", "#delivered", "#undelivered", "#in doubt", "#segments", "#cost", "#in doubt")
        for row in report.costs {
            list.add(
                "\(row.messageClass)", "\(row.provider)", "\(row.accepted)", "\(row.delivered)", "\(row.undelivered)",
                "\(row.inDoubt)", "\(row.segments)", "\(row.amount(row.costMicros))",
                "\(row.inDoubtMicros == 0 ? "" : row.amount(row.inDoubtMicros))")
        }
        Terminal.out.line()
        Terminal.out.table(list)
        Terminal.out.line()
        for total in report.totals { Terminal.out.line("total  \(decimal(micros: total.micros)) \(total.currency)", .bold) }
    }
}

extension LoadReport.Costs {
    fileprivate func amount(_ micros: Int64) -> String { currency.map { "\(decimal(micros: micros)) \($0)" } ?? "no price" }
}
