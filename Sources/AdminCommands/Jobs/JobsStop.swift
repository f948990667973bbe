import ArgumentParser
import Operations
import Store

struct JobsStop: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "stop", abstract: "Stop a job: what is done stays done, what waits is left as it is.",
        discussion: """
            Waits for the batch that is being worked on; after that nothing more of the job is done. `martlet jobs resume`
            lets it go on.

            EXAMPLES
              martlet jobs stop 17 --why "wrong provider"
            """)
    @Argument(help: "Number of the job.")
    var id: Int64
    @Option(name: .long, help: "Why; kept in the audit.")
    var why: String
    @OptionGroup var shared: SharedOptions

    func run() async throws {
        let output = try await shared.run(StopJob(id: id, why: why))
        shared.show(output) {
            let job = output.job
            let left = "\(job.done) done, \(job.skipped) skipped, \(job.waiting) left as they were"
            Terminal.out.line(
                output.wasRunning ? "job \(id) is stopped: \(left)" : "job \(id) had ended before (\(job.state)): \(left)")
        }
    }
}
