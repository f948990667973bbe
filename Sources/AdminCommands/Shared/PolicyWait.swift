import ArgumentParser
import Operations
import Settings
import Store

/// Waiting until what was stored is what workers send by.
struct PolicyWait: ParsableArguments {
    @Flag(name: .long, help: "Wait until all live workers use what was stored; 75 when they do not in time.")
    var wait = false
    @Option(name: .long, help: ArgumentHelp("Longest wait, with --wait.", valueName: "duration"))
    var waitAtMost = DurationArgument(.seconds(30))

    /// nil: it was not asked for.
    func run(on cluster: Cluster, as actor: Actor) async throws -> AwaitPolicy.Output? {
        guard wait else { return nil }
        let output = try await AwaitPolicy(
            atMost: waitAtMost.duration,
            show: { Terminal.error.progress("waiting for \(WorkersBehind.Worker.names($0))") }
        ).run(on: cluster, as: actor)
        Terminal.error.endProgress()
        return output
    }

    /// The last line for people.
    /// - Throws: `notYet` (75) when workers did not come to it in time.
    func conclude(_ output: AwaitPolicy.Output?, asJSON: Bool) throws {
        guard let output else { return }
        guard output.behind.isEmpty else {
            throw OperationError(
                .notYet,
                "It is stored, and after \(waitAtMost.duration.configured) these workers do not use it: \(WorkersBehind.Worker.list(output.behind)).",
                hint: "`martlet workers` shows whether they live; their logs, and `martlet doctor`, say what keeps them.")
        }
        guard !asJSON else { return }
        Terminal.out.line(
            output.workers == 0 ? "no worker is live; the next one starts with it" : "all \(output.workers) live workers use it",
            .green)
    }
}

extension WorkersBehind.Worker {
    /// `worker-1, worker-2 and 3 more`.
    static func names(_ workers: [Self]) -> String {
        let named = workers.prefix(3).map(\.worker).joined(separator: ", ")
        return workers.count > 3 ? "\(named) and \(workers.count - 3) more" : named
    }

    /// With what each uses, and why.
    static func list(_ workers: [Self]) -> String {
        workers.prefix(10).map { worker in
            let policy = worker.policy.map { "uses version \($0)" } ?? "is of version \(worker.version) and does not say"
            return "\(worker.worker) on \(worker.host) \(policy)\(worker.problem.map { " (\($0))" } ?? "")"
        }.joined(separator: "; ")
    }
}
