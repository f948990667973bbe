import ArgumentParser
import Domain
import Operations
import Store

struct SLO: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "slo", abstract: "How well messages are served: within their promise, accepted, delayed, delivered.",
        discussion: """
            Messages that were enqueued within --since before now and might be sent by now. held: deferred by quiet hours or caps, or
            requeued; they are not judged. within: accepted within the class's accept_within; overdue: still waiting for longer.
            failed: dead or expired. accepted %: of those that were accepted or failed. delivered %: of those the provider reported on.

            EXAMPLES
              martlet slo
              martlet slo --since 15m
              martlet slo --json | jq '.classes[] | select(.accepted_share < 0.995)'
            """)
    @Option(name: .long, help: "How far back, 1s … 1d.")
    var since = DurationArgument(argument: "1h")!
    @OptionGroup var watching: WatchOptions
    @OptionGroup var shared: SharedOptions

    func validate() throws {
        guard ShowServiceLevels.windows.contains(since.duration) else {
            throw ValidationError("--since must be 1s … 1d: further back it would read whole days")
        }
    }

    func run() async throws {
        try await watching.run {
            let levels = try await shared.run(ShowServiceLevels(since: since.duration))
            shared.show(levels) { show(levels.classes, levels.providers) }
        }
    }

    private func show(_ classes: [ClassLevels.Level], _ providers: [ProviderLevels.Level]) {
        var table = Table(
            "class", "#promise", "#messages", "#held", "#accepted", "#within %", "#overdue", "#failed", "#accepted %",
            "#oldest waiting",
            "#p99 delay", "#peak delay")
        for level in classes {
            table.add(
                "\(level.name)", "\(level.promise.map(seconds) ?? "")", "\(level.messages)", "\(level.held)", "\(level.accepted)",
                Table.Cell(percent(level.withinShare), bad(level.withinShare, below: 0.99)),
                Table.Cell("\(level.overdue)", level.overdue > 0 ? .yellow : .plain), "\(level.failed)",
                Table.Cell(percent(level.acceptedShare), bad(level.acceptedShare, below: 0.995)),
                "\(level.oldestWaiting.map(seconds) ?? "")", "\(level.p99Delay.map(seconds) ?? "")",
                "\(level.peakDelay.map(seconds) ?? "")")
        }
        Terminal.out.table(table)
        guard !providers.isEmpty else { return }
        var list = Table("provider", "#accepted", "#delivered", "#undelivered", "#delivered %", "#reported %")
        for level in providers {
            list.add(
                "\(level.name)", "\(level.accepted)", "\(level.delivered)", "\(level.undelivered)",
                "\(percent(level.deliveredShare))",
                "\(percent(level.reportedShare))")
        }
        Terminal.out.line("")
        Terminal.out.table(list)
    }

    private func bad(_ share: Double?, below limit: Double) -> Style { (share ?? 1) < limit ? .yellow : .plain }

    /// Shares come cut off, not rounded: 100 is all of them.
    private func percent(_ share: Double?) -> String {
        guard let share else { return "" }
        let thousandths = Int((share * 100_000).rounded())
        let digits = String(1000 + thousandths % 1000).dropFirst()
        return "\(thousandths / 1000).\(digits)"
    }

    private func seconds(_ duration: Duration) -> String {
        let tenths = Int((duration.inSeconds * 1000).rounded())
        return "\(tenths / 1000).\(String(1000 + tenths % 1000).dropFirst()) s"
    }
}
