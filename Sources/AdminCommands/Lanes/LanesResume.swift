import ArgumentParser
import Operations

struct LanesResume: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "resume", abstract: "Claim from a paused lane again.",
        discussion: """
            EXAMPLES
              martlet lanes resume 3 --why "price corrected"
            """)
    @Argument(help: "Number of the lane, 0 … 7.")
    var lane: Int
    @Option(name: .long, help: "Why; kept in the audit.")
    var why: String
    @OptionGroup var shared: SharedOptions

    func run() async throws {
        let output = try await shared.run(SwitchLane(lane: lane, isPaused: false, why: why))
        shared.show(output) {
            Terminal.out.line("lane \(lane) is open")
        }
    }
}
