import ArgumentParser
import Domain
import Operations
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
        guard since.map({ ShowProviderUsage.windows.contains($0.duration) }) ?? true else {
            throw ValidationError("--since must be 1s … 31d")
        }
    }

    func run() async throws {
        let found = try await shared.run(
            ShowProviderUsage(provider: name, since: since?.duration, enqueuedWithin: enqueuedWithin.duration))
        shared.show(found) { show(found) }
    }

    private func show(_ found: ShowProviderUsage.Output) {
        let out = Terminal.out
        let sum = found.sum
        out.line("provider     \(name)", .bold)
        out.line("since        \(found.since.shown)")
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
}
