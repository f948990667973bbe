import ArgumentParser
import Domain
import Operations
import Store

struct Workers: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "workers", abstract: "Worker sessions: beat, messages in flight, version, state.",
        discussion: """
            stale: no beat for 10 s, its messages are being rescued. fenced: declared dead; it cannot record anything any more.
            policy: the version that it sends by; - for workers of an older version, which do not say.

            EXAMPLES
              martlet workers
              martlet workers --all --json
            """)
    @Flag(name: .long, help: "Sessions that ended long ago too.")
    var all = false
    @OptionGroup var shared: SharedOptions

    func run() async throws {
        let found = try await shared.run(ShowWorkers(all: all))
        shared.show(found) {
            guard !found.workers.isEmpty else { return }
            var table = Table(
                "#session", "worker", "host", "#pid", "version", "started", "beat", "#in flight", "#policy", "state")
            for worker in found.workers {
                let style: Style = worker.state == "live" ? .green : worker.state == "ended" ? .dim : .yellow
                table.add(
                    "\(worker.session)", "\(worker.worker)", "\(worker.host)", "\(worker.pid)", "\(worker.version)",
                    "\(worker.startedAt.relative(to: found.now))", "\(worker.beatAt.relative(to: found.now))",
                    "\(worker.inFlight)", "\(worker.policy.map { "\($0)" } ?? "-")", Table.Cell(worker.state, style))
            }
            Terminal.out.table(table)
        }
        if found.workers.isEmpty { throw OperationError(.notFound, "No worker runs.", hint: "Start martlet-worker.") }
    }
}
