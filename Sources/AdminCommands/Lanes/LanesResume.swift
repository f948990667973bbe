import ArgumentParser
import Store

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
        try await shared.withDatabase(.admin) { [lane, why] in try await $0.run(ResumeLane(lane: lane, why: why)) }
        showLane(lane, isPaused: false, asJSON: shared.json)
    }
}
