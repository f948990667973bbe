import ArgumentParser
import Domain
import Operations
import Store

struct JobsList: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "list", abstract: "List jobs, newest first.",
        discussion: """
            `martlet dead-letters requeue` and `discard` begin them. They are kept for 35 days after their end.

            EXAMPLES
              martlet jobs
              martlet jobs list --limit 5 --json
            """)
    @Option(name: .long, help: "At most so many.")
    var limit = 50
    @OptionGroup var shared: SharedOptions

    func validate() throws { try checkLimit(limit) }

    func run() async throws {
        let found = try await shared.run(ShowJobs(limit: limit))
        shared.show(found) {
            var table = Table("#job", "action", "state", "#messages", "#done", "#skipped", "#waiting", "began", "by", "why")
            for job in found.jobs {
                table.add(
                    "\(job.id)", "\(job.action)", Table.Cell(job.state, .job(job.state)), "\(job.messages)", "\(job.done)",
                    "\(job.skipped)", "\(job.waiting)", "\(job.createdAt.relative(to: found.now))", "\(job.createdBy)",
                    "\(job.why)")
            }
            Terminal.out.table(table)
        }
    }
}

extension Style {
    static func job(_ state: String) -> Style {
        switch state {
        case "finished": .green
        case "stopped": .yellow
        default: .plain
        }
    }
}
