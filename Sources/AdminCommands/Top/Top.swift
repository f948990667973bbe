import ArgumentParser
import Domain
import Operations
import Store

struct Top: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "top", abstract: "Lanes, workers, providers and dead letters at one glance, again and again.",
        discussion: """
            Until Ctrl-C, as often as --every says. Depths of lanes are counted, which takes seconds when millions wait. Only admins see how
            many messages a second enter and leave a lane.

            EXAMPLES
              martlet top
              martlet top --every 5s
              martlet top --once --json | jq .dead_letters
            """)
    @Option(name: .long, help: "How often, 500ms … 1h.")
    var every = DurationArgument(argument: "2s")!
    @Flag(name: .long, help: "Show it once and end.")
    var once = false
    @OptionGroup var shared: SharedOptions

    func validate() throws {
        guard (Duration.milliseconds(500)...Duration.seconds(3600)).contains(every.duration) else {
            throw ValidationError("--every must be 500ms … 1h.")
        }
    }

    func run() async throws {
        guard !once else { return try await frame() }
        try await Watch(every: every.duration).run(frame)
    }

    private func frame() async throws {
        let found = try await shared.run(ShowOverview(sample: .milliseconds(500)))
        shared.show(found) { show(found) }
    }

    private func show(_ found: ShowOverview.Output) {
        let out = Terminal.out
        let live = found.workers.count { $0.state == "live" }
        let waiting = found.lanes.lanes.reduce(0) { $0 + $1.ready }
        let inFlight = found.workers.reduce(0) { $0 + $1.inFlight }
        out.line(
            "\(found.now.shown)  workers \(live)  ready \(waiting)  in flight \(inFlight)  dead letters \(found.deadLetters.total)",
            .bold)
        let reasons = found.deadLetters.reasons.prefix(5).map { "\($0.count) \($0.reason)" }.joined(separator: ", ")
        if !reasons.isEmpty { out.line("dead letters: " + Printable.line(reasons), .yellow) }
        out.line()
        out.table(LanesList.table(found.lanes))
        out.line()
        out.table(ProvidersList.table(found.providers, found.now))
        out.line()
        out.table(Workers.table(found.workers, found.now))
    }
}
