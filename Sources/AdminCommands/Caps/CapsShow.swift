import ArgumentParser
import Domain
import Settings
import Store

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
              martlet caps show --recipient +8613800138000
              martlet caps show --recipient customer-4711 --tier vip --time-zone Asia/Shanghai --json
            """)
    @Option(name: .long, help: "Recipient key; the address when the service passes none.")
    var recipient: String
    @Option(name: .long, help: "Tier of the recipient; left out: the plain limits.")
    var tier: String?
    @Option(name: .long, help: "IANA zone of the recipient.")
    var timeZone: String?
    @OptionGroup var shared: SharedOptions

    private struct Line {
        var rule: CapRule
        var used: Int
        var reserved: Int
        var limit: Int
        /// nil: now.
        var freeAt: Timestamp?
        var never: Bool
    }

    func run() async throws {
        let (policy, ledger, numbers, windows, now) = try await shared.withDatabase(.admin) { database in
            let policy = try await currentPolicy(database).policy
            let zone = timeZone ?? policy.senders[policy.defaultSender]?.timeZone ?? "UTC"
            let (ledger, numbers) = try await database.withConnection { [recipient] in
                try await $0.run(LoadCapUsage(recipientKey: typedKey(recipient)), LoadNumbers())
            }
            return (
                policy, ledger, numbers, try await database.run(CalendarWindows(timeZone: zone)),
                try await database.run(CurrentRights()).now
            )
        }
        let lines = policy.caps.map { line($0, ledger, numbers, windows, now) }
        if shared.json {
            return Terminal.out.json([
                "recipient": .string(recipient), "caps": .list(lines, json),
                "hits": .list(ledger.hits) { hit in
                    [
                        "message": .id(hit.messageID), "at": .time(hit.at), "attempt": .int(Int(hit.attempt)),
                        "class": .text(numbers.classes[hit.classID]), "channel": .text(numbers.channels[hit.channelID]),
                        "planned": .bool(hit.isReservation),
                    ]
                },
            ])
        }
        var table = Table("cap", "window", "counts", "#used", "#limit", "#waiting", "frees")
        for line in lines {
            let isFull = line.never || line.freeAt != nil
            let frees = line.never ? "never" : line.freeAt.map { "\($0.shown) (\($0.relative(to: now)))" } ?? "now"
            table.add(
                "\(line.rule.name)", "\(line.rule.window.shown)", "\(line.rule.classes.joined(separator: ", "))", "\(line.used)",
                "\(line.limit)", "\(line.reserved)", Table.Cell(frees, isFull ? .yellow : .green))
        }
        Terminal.out.table(table)
        if ledger.hits.isEmpty { Terminal.out.line("This recipient has taken no places (yet).") }
    }

    private func line(
        _ rule: CapRule, _ ledger: CapLedger, _ numbers: LoadNumbers.Numbers,
        _ windows: [CapRule.CalendarUnit: CapDecision.Calendar], _ now: Timestamp
    ) -> Line {
        let limit = tier.flatMap { rule.tiers[$0] } ?? rule.limit
        let classes = Set(numbers.classes.filter { rule.classes.contains($0.value) }.keys)
        let channels = Set(numbers.channels.filter { name in rule.channels.contains { $0.rawValue == name.value } }.keys)
        let counted = CapDecision.Rule(
            name: rule.name, classIDs: classes, channelIDs: channels, window: rule.window, limit: limit, over: rule.over)
        let start: Timestamp =
            switch rule.window {
            case .rolling(let length): now - length
            case .calendar(let unit): windows[unit]?.start ?? now
            }
        let own = ledger.hits.filter {
            classes.contains($0.classID) && (channels.isEmpty || channels.contains($0.channelID))
        }
        let verdict = CapDecision.decide(
            message: MessageID(0), rules: [counted], ledger: ledger, now: now, sendWithin: .zero, calendars: windows)
        var line = Line(
            rule: rule, used: own.filter { !$0.isReservation && $0.at >= start }.count,
            reserved: own.filter(\.isReservation).count,
            limit: limit,
            freeAt: nil, never: false)
        if case .over(_, _, let freeAt) = verdict {
            line.freeAt = freeAt
            line.never = freeAt == nil
        }
        return line
    }

    private func json(_ line: Line) -> JSONValue {
        [
            "cap": .string(line.rule.name), "window": .string(line.rule.window.shown), "used": .int(line.used),
            "limit": .int(line.limit),
            "waiting": .int(line.reserved), "over": .string(line.rule.over.rawValue),
            "is_free": .bool(!line.never && line.freeAt == nil),
            "frees_at": .time(line.freeAt),
        ]
    }
}

/// A key as people type it: blanks in a number are not part of it.
func typedKey(_ text: String) -> String { text.hasPrefix("+") ? typedAddress(text) : text }

extension CapRule.Window {
    var shown: String {
        switch self {
        case .rolling(let length): "any \(length.configured)"
        case .calendar(let unit): "calendar \(unit.rawValue)"
        }
    }
}
