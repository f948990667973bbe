import ArgumentParser
import Operations
import Store

struct JobsResume: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "resume", abstract: "Let a job that was stopped go on with the messages that have no result yet.",
        discussion: """
            A job that had variables of its own cannot be resumed: they were erased when it was stopped. Begin another one.

            EXAMPLES
              martlet jobs resume 17 --why "the provider works again"
            """)
    @Argument(help: "Number of the job.")
    var id: Int64
    @Option(name: .long, help: "Why; kept in the audit.")
    var why: String
    @OptionGroup var shared: SharedOptions

    func run() async throws {
        let output = try await shared.run(ResumeJob(id: id, why: why))
        shared.show(output) {
            let job = output.job
            Terminal.out.line(
                output.wasRunning
                    ? "job \(id) is running: \(job.waiting) messages wait"
                    : "job \(id) goes on: \(job.done) done, \(job.skipped) skipped, \(job.waiting) wait")
        }
    }
}
