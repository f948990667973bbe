import ArgumentParser
import Store

struct LanesPause: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "pause", abstract: "Stop claiming from a lane; services can still enqueue.",
        discussion: """
            Takes effect within a second; messages that are leased already are still sent. Messages may expire meanwhile, so it asks first.

            EXAMPLES
              martlet lanes pause 3 --why "wrong price in the sale" --yes
            """)
    @Argument(help: "Number of the lane, 0 … 7.")
    var lane: Int
    @Option(name: .long, help: "Why; shown to everybody who looks, and kept in the audit.")
    var why: String
    @Flag(name: .shortAndLong, help: "Do not ask.")
    var yes = false
    @OptionGroup var shared: SharedOptions

    func run() async throws {
        try Confirmation.ask("Pause lane \(lane)? Its messages wait, and may expire.", yes: yes)
        try await shared.withDatabase(.admin) { [lane, why] in try await $0.run(PauseLane(lane: lane, why: why)) }
        showLane(lane, isPaused: true, asJSON: shared.json)
    }
}

func showLane(_ lane: Int, isPaused: Bool, asJSON: Bool) {
    if asJSON { return Terminal.out.json(["lane": .int(lane), "paused": .bool(isPaused)]) }
    Terminal.out.line(
        isPaused ? "lane \(lane) is paused; resume it with `martlet lanes resume \(lane) --why …`" : "lane \(lane) is open")
}
