import ArgumentParser
import Operations
import Store
import Text

/// A command that waits for its job, shows how far it is, and works on it like a worker: so it ends also where no worker runs. When the command
/// is ended, workers go on with the job.
struct JobWait: Sendable {
    private static let pause = Duration.milliseconds(200)
    var job: ListJobs.Job
    var results: [ListJobMessages.Message] = []
    /// Why it stopped waiting before the job ended.
    var stopped: OperationError?

    init(_ begun: ListJobs.Job, _ done: String, on cluster: Cluster, as actor: Actor) async {
        job = begun
        do {
            while job.state == "running" {
                let step = try await ContinueJob(id: job.id).run(on: cluster, as: actor)
                job = step.job
                Terminal.error.progress("job \(job.id): \(done) \(job.done) of \(job.messages)")
                if !step.hasWorked, job.state == "running", job.action == "requeue" {
                    let behind = try await AwaitPolicy(atMost: .zero).run(on: cluster, as: actor).behind
                    if !behind.isEmpty {
                        Terminal.error.progress(
                            "job \(job.id): waits until the newest policy is used by \(WorkersBehind.Worker.names(behind))")
                    }
                }
                if !step.hasWorked, job.state == "running" { try await ContinuousClock().sleep(for: Self.pause) }
            }
            results = try await ShowJob(id: job.id, limit: nil).run(on: cluster, as: actor).messages
        } catch let error as OperationError {
            stopped = error
        } catch {
            stopped = OperationError(error, role: .admin)
        }
        Terminal.error.endProgress()
        if job.state == "stopped" {
            let who = job.stoppedBy.map { " by \($0)" } ?? ""
            stopped = OperationError(.cancelled, "Job \(job.id) was stopped\(who): \(job.stopReason ?? "").")
        }
    }

    /// Prints what happened and ends with the exit code that fits.
    func report(_ verb: String, asJSON: Bool) throws {
        let skipped = results.filter { $0.result == "skipped" }
        if asJSON {
            Terminal.out.json([
                "job": .string(String(job.id)), "done": .int(job.done),
                "ids": .list(results.filter { $0.result == "done" }) { .id($0.id) }, "failures": skipped.json,
                "stopped": .text(stopped?.message),
            ])
        } else {
            for group in Refusals.groups(of: skipped) {
                Terminal.error.line(group.headline, .red)
                if let hint = group.hint { Terminal.error.line("  hint: \(Printable.line(hint))", .yellow) }
                Terminal.error.line("  " + group.named(job: job.id), .dim)
            }
            Terminal.out.line("\(verb) \(job.done)" + (job.skipped == 0 ? "" : ", refused \(job.skipped)"))
        }
        if var stopped {
            stopped.message = "stopped waiting after \(job.done): \(stopped.message)"
            if job.state == "running" {
                stopped.hint = "Workers go on with it: `martlet jobs show \(job.id)`, `martlet jobs stop \(job.id) --why …`."
            }
            throw stopped
        }
        if job.skipped > 0 { throw ExitCode(AdminExit.refused.rawValue) }
    }
}
