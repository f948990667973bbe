import ArgumentParser
import Domain
import Store

struct ProvidersShow: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "show",
        abstract: "Show what a provider took today: hand-overs, deliveries, segments, cost, missing receipts, budgets.",
        discussion: """
            Today began at midnight UTC; --since takes another window. Counted are hand-overs that were admitted in it, of messages
            enqueued at most --enqueued-within before it. Segments and cost are of hand-overs that were accepted, as the provider bills
            them: a message that was sent twice is paid twice, a refused one is not paid. In doubt: it is unknown whether the provider
            took it; shown apart. Missing receipts: of the messages of a day whose receipt_within is up.

            EXAMPLES
              martlet providers show sandbox-sms
              martlet providers show sandbox-sms --since 1h
              martlet providers show sandbox-sms --json | jq '.costs'
            """)
    @Argument(help: "Name of the provider, as in providers.yaml.")
    var name: String
    @Option(name: .long, help: "How far back, 1s … 31d; else today (UTC).")
    var since: DurationArgument?
    @Option(name: .long, help: "Messages enqueued so long before the window are looked at too, 1s … 35d.")
    var enqueuedWithin = DurationArgument(argument: "8d")!
    @OptionGroup var shared: SharedOptions

    func validate() throws {
        guard (Duration.seconds(1)...Duration.seconds(31 * 86_400)).contains(since?.duration ?? .seconds(1)) else {
            throw ValidationError("--since must be 1s … 31d")
        }
    }

    private struct Found: Sendable {
        var usage: [ProviderUsage.Usage]
        var missing: MissingReceipts.Count?
        var budgets: [ListBudgets.Budget]
        var from: Timestamp
        var now: Timestamp
    }

    func run() async throws {
        let found = try await shared.withDatabase(.reader, deadline: .seconds(300)) { try await find($0) }
        shared.json ? Terminal.out.json(json(found)) : show(found)
    }

    private func find(_ database: Database) async throws -> Found {
        let rights = try await database.run(CurrentRights())
        if rights.isAdmin {
            let known = try await currentPolicy(database).policy.providers.keys.sorted()
            guard known.contains(name) else {
                throw AdminError(.notFound, "There is no provider \(name).", hint: "Known: \(known.joined(separator: ", ")).")
            }
        }
        let day: Int64 = 86_400_000_000
        let from = since.map { rights.now - $0.duration } ?? Timestamp(microseconds: rights.now.microseconds / day * day)
        return Found(
            usage: try await database.run(
                ProviderUsage(since: from, enqueuedSince: from - enqueuedWithin.duration, provider: name)),
            missing: try await database.run(MissingReceipts(since: .seconds(86_400))).first { $0.provider == name },
            budgets: try await database.run(ListBudgets(provider: name, limit: 100)), from: from, now: rights.now)
    }

    private func show(_ found: Found) {
        let out = Terminal.out
        let sum = ProviderUsage.Usage(sumOf: found.usage, provider: name)
        out.line("provider     \(name)", .bold)
        out.line("since        \(found.from.shown)")
        out.line("sent         \(sum.sent)")
        out.line("accepted     \(sum.accepted) (refused \(sum.refused), in doubt \(sum.inDoubt))")
        let share = sum.deliveredShare.map { ", \(percentText($0)) % of those it reported on" } ?? ""
        out.line("delivered    \(sum.delivered) (undelivered \(sum.undelivered))\(share)")
        out.line("segments     \(sum.segments)")
        for usage in found.usage where usage.currency != nil || usage.accepted > 0 {
            guard let currency = usage.currency else {
                out.line("cost         unknown for \(usage.accepted): prices.yaml has no price")
                continue
            }
            let unknownOutcome =
                usage.inDoubtMicros > 0 ? ", in doubt \(decimal(micros: usage.inDoubtMicros)) \(currency) more" : ""
            out.line("cost         \(decimal(micros: usage.costMicros)) \(currency)\(unknownOutcome)")
        }
        if let missing = found.missing {
            out.line(
                "receipts     \(missing.missing) missing of \(missing.accepted) accepted whose \(missing.within.rough) are up",
                missing.missing > 0 ? .yellow : .plain)
        } else {
            out.line("receipts     none expected")
        }
        guard !found.budgets.isEmpty else { return }
        out.line()
        out.table(BudgetsList.table(found.budgets, now: found.now))
    }

    private func json(_ found: Found) -> JSONValue {
        let sum = ProviderUsage.Usage(sumOf: found.usage, provider: name)
        return [
            "provider": .string(name), "since": .time(found.from), "sent": .int(sum.sent), "accepted": .int(sum.accepted),
            "refused": .int(sum.refused), "in_doubt": .int(sum.inDoubt), "delivered": .int(sum.delivered),
            "undelivered": .int(sum.undelivered), "delivered_share": sum.deliveredShare.map(JSONValue.double) ?? .null,
            "segments": .int(sum.segments),
            "costs": .list(found.usage) {
                [
                    "currency": .text($0.currency), "accepted": .int($0.accepted), "segments": .int($0.segments),
                    "micros": $0.currency == nil ? .null : .int($0.costMicros),
                    "in_doubt_micros": $0.currency == nil ? .null : .int($0.inDoubtMicros),
                ]
            },
            "missing_receipts": found.missing.map {
                ["accepted": .int($0.accepted), "missing": .int($0.missing), "within_seconds": .double($0.within.inSeconds)]
            } ?? .null,
            "budgets": .list(found.budgets, \.json),
        ]
    }
}

extension ProviderUsage.Usage {
    /// Of those that the provider reported on; nil: of none.
    var deliveredShare: Double? { share(delivered, of: delivered + undelivered) }
}

/// nil for nothing of nothing.
func share(_ part: Int, of whole: Int) -> Double? { whole == 0 ? nil : Double(part) / Double(whole) }

/// Cut off after two digits: 100.00 is all of them.
func percentText(_ share: Double) -> String {
    let hundredths = Int((share * 10_000).rounded(.down))
    return "\(hundredths / 100).\(String(100 + hundredths % 100).dropFirst())"
}
