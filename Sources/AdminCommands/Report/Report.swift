import ArgumentParser
import Domain
import Store

struct Report: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "report", abstract: "What became of a campaign, and what it cost.",
        discussion: """
            Messages enqueued within --since before now, all or those of a group or class. opted out: people who opted out or
            complained within --opt-out-within after they had got one. clicked: messages of which a person followed a link, where the
            class tracks clicks; machines that look at links first are left out. opened is unreliable: many mail programs load no
            pictures, and some services load all of them without any reader. Cost is of hand-overs that were accepted, as providers bill
            them: a message that was sent twice is paid twice; messages in doubt are shown apart. The command reads the messages of the
            window, which takes seconds for a million.

            EXAMPLES
              martlet report --group "spring sale"
              martlet report --class marketing --since 7d
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
    @OptionGroup var shared: SharedOptions

    func validate() throws {
        for (name, value) in [("--since", since), ("--opt-out-within", optOutWithin)]
        where !(Duration.seconds(1)...Duration.seconds(35 * 86_400)).contains(value.duration) {
            throw ValidationError("\(name) must be 1s … 35d: older messages are gone")
        }
    }

    func run() async throws {
        let (scope, messages, costs) = try await shared.withDatabase(.reader, deadline: .seconds(600)) { database in
            let now = try await database.run(CurrentRights()).now
            let scope = ReportScope(since: now - since.duration, group: group, messageClass: self.class)
            return (
                scope, try await database.run(ReportMessages(scope: scope, optOutWithin: optOutWithin.duration)),
                try await database.run(ReportCosts(scope: scope))
            )
        }
        if shared.json {
            return Terminal.out.json([
                "since": .time(scope.since), "group": .text(group), "class": .text(self.class),
                "messages": .list(messages, \.json), "costs": .list(costs, \.json),
                "totals": .list(Self.totals(costs)) { ["currency": .string($0.currency), "micros": .int($0.micros)] },
            ])
        }
        guard !messages.isEmpty else {
            throw AdminError(
                .notFound, "There are no such messages since \(scope.since.shown).",
                hint: "Look further back with --since; check --group and --class.")
        }
        show(messages, costs)
    }

    private func show(_ messages: [ReportMessages.Row], _ costs: [ReportCosts.Row]) {
        var table = Table(
            "class", "#messages", "#accepted", "#delivered", "#undelivered", "#delivered %", "#clicked", "#clicked %",
            "#opened (unreliable)", "#opted out", "#opted out %", "#waiting",
            "#suppressed", "#capped", "#expired", "#cancelled", "#dead")
        for row in messages {
            table.add(
                "\(row.messageClass)", "\(row.messages)", "\(row.accepted)", "\(row.delivered)", "\(row.undelivered)",
                "\(row.deliveredShare.map(percentText) ?? "")", "\(row.clicked)",
                "\(share(row.clicked, of: row.accepted).map(percentText) ?? "")", "\(row.opened)", "\(row.optedOut)",
                "\(share(row.optedOut, of: row.accepted).map(percentText) ?? "")", "\(row.waiting)", "\(row.suppressed)",
                "\(row.capped)", "\(row.expired)", "\(row.cancelled)", Table.Cell("\(row.dead)", row.dead > 0 ? .yellow : .plain))
        }
        Terminal.out.table(table)
        guard !costs.isEmpty else { return }
        var list = Table(
            "class", "provider", "#accepted", "#delivered", "#undelivered", "#in doubt", "#segments", "#cost", "#in doubt")
        for row in costs {
            list.add(
                "\(row.messageClass)", "\(row.provider)", "\(row.accepted)", "\(row.delivered)", "\(row.undelivered)",
                "\(row.inDoubt)", "\(row.segments)", "\(row.amount(row.costMicros))",
                "\(row.inDoubtMicros == 0 ? "" : row.amount(row.inDoubtMicros))")
        }
        Terminal.out.line()
        Terminal.out.table(list)
        Terminal.out.line()
        for total in Self.totals(costs) { Terminal.out.line("total  \(decimal(micros: total.micros)) \(total.currency)", .bold) }
    }

    static func totals(_ costs: [ReportCosts.Row]) -> [(currency: String, micros: Int64)] {
        var sums: [String: Int64] = [:]
        for row in costs { if let currency = row.currency { sums[currency, default: 0] += row.costMicros } }
        return sums.sorted { $0.key < $1.key }.map { ($0.key, $0.value) }
    }
}

extension ReportMessages.Row {
    var deliveredShare: Double? { share(delivered, of: delivered + undelivered) }

    var json: JSONValue {
        [
            "class": .string(messageClass), "messages": .int(messages), "accepted": .int(accepted), "delivered": .int(delivered),
            "undelivered": .int(undelivered), "delivered_share": deliveredShare.map(JSONValue.double) ?? .null,
            "clicked": .int(clicked), "opened_unreliable": .int(opened), "opted_out": .int(optedOut), "waiting": .int(waiting),
            "suppressed": .int(suppressed), "capped": .int(capped),
            "expired": .int(expired), "cancelled": .int(cancelled), "dead": .int(dead),
        ]
    }
}

extension ReportCosts.Row {
    func amount(_ micros: Int64) -> String { currency.map { "\(decimal(micros: micros)) \($0)" } ?? "no price" }

    var json: JSONValue {
        [
            "class": .string(messageClass), "provider": .string(provider), "currency": .text(currency),
            "accepted": .int(accepted),
            "delivered": .int(delivered), "undelivered": .int(undelivered), "in_doubt": .int(inDoubt), "segments": .int(segments),
            "micros": currency == nil ? .null : .int(costMicros),
            "in_doubt_micros": currency == nil ? .null : .int(inDoubtMicros),
        ]
    }
}
