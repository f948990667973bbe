import ArgumentParser
import Operations

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
        let output = try await shared.run(SwitchLane(lane: lane, isPaused: true, why: why))
        shared.show(output) {
            Terminal.out.line("lane \(lane) is paused; resume it with `martlet lanes resume \(lane) --why …`")
        }
    }
}
