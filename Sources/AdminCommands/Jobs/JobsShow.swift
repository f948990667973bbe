import ArgumentParser
import Domain
import Operations
import Store

struct JobsShow: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "show", abstract: "Show one job, and what became of its messages.",
        discussion: """
            Without --result those that were skipped, each with the reason; with --json all of them.

            EXAMPLES
              martlet jobs show 17
              martlet jobs show 17 --result waiting --limit 10
              martlet jobs show 17 --json | jq -r '.results[] | select(.result == "skipped") | .id'
            """)
    @Argument(help: "Number of the job.")
    var id: Int64
    @Option(name: .long, help: "Only messages with this result: waiting, done or skipped.")
    var result: ShowJob.Result?
    @Option(name: .long, help: "At most so many messages, 1 … 10000; left out: 50, with --json all.")
    var limit: Int?
    @OptionGroup var shared: SharedOptions

    func validate() throws { try checkLimit(limit ?? 1) }

    func run() async throws {
        let found = try await shared.run(
            ShowJob(id: id, result: result ?? (shared.json ? nil : .skipped), limit: limit ?? (shared.json ? nil : 50)))
        shared.show(found) { show(found) }
    }

    private func show(_ found: ShowJob.Output) {
        let out = Terminal.out
        let job = found.job
        out.line("job        \(job.id)", .bold)
        out.line("state      \(out.styled(job.state, .job(job.state)))")
        out.line("action     \(job.action): \(Printable.line(job.why))")
        out.line("chosen by  \(Printable.line(job.selection))")
        out.line("options    \(Printable.line(job.options))\(job.hasEditedVariables ? ", other variables" : "")")
        out.line(
            "began      \(job.createdAt.shown), \(job.createdAt.relative(to: found.now)), by \(Printable.line(job.createdBy))")
        if let ended = job.endedAt { out.line("ended      \(ended.shown), \(ended.relative(to: found.now))") }
        if let reason = job.stopReason {
            out.line("stopped    by \(Printable.line(job.stoppedBy ?? "Martlet")): \(Printable.line(reason))")
        }
        if let rate = job.perSecond { out.line("rate       \(rate) a second") }
        out.line("messages   \(job.messages): \(job.done) done, \(job.skipped) skipped, \(job.waiting) waiting")
        if job.state == "running", !found.hasWorker {
            out.line("No worker is live: it waits until one starts.", .yellow)
        }
        guard !found.messages.isEmpty else { return }
        out.line()
        var table = Table("message", "result", "why")
        for message in found.messages { table.add("\(message.id)", "\(message.result)", "\(message.reason ?? "")") }
        out.table(table)
    }
}

extension ShowJob.Result: ExpressibleByArgument {}
