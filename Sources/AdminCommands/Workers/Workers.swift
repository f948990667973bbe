import ArgumentParser
import Store

struct Workers: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "workers", abstract: "Worker sessions: beat, messages in flight, version, state.",
        discussion: """
            stale: no beat for 10 s, its messages are being rescued. fenced: declared dead; it cannot record anything any more.

            EXAMPLES
              martlet workers
              martlet workers --all --json
            """)
    @Flag(name: .long, help: "Sessions that ended long ago too.")
    var all = false
    @OptionGroup var shared: SharedOptions

    func run() async throws {
        let (workers, now) = try await shared.withDatabase(.reader) { [all] database in
            (try await database.run(ListWorkers(all: all)), try await database.run(CurrentRights()).now)
        }
        if shared.json {
            Terminal.out.json(
                .list(workers) {
                    [
                        "session": .int($0.session), "worker": .string($0.worker), "host": .string($0.host), "pid": .int($0.pid),
                        "version": .string($0.version), "started_at": .time($0.startedAt), "beat_at": .time($0.beatAt),
                        "in_flight": .int($0.inFlight), "state": .string($0.state),
                    ]
                })
        } else if !workers.isEmpty {
            var table = Table("#session", "worker", "host", "#pid", "version", "started", "beat", "#in flight", "state")
            for worker in workers {
                let style: Style = worker.state == "live" ? .green : worker.state == "ended" ? .dim : .yellow
                table.add(
                    "\(worker.session)", "\(worker.worker)", "\(worker.host)", "\(worker.pid)", "\(worker.version)",
                    "\(worker.startedAt.relative(to: now))", "\(worker.beatAt.relative(to: now))", "\(worker.inFlight)",
                    Table.Cell(worker.state, style))
            }
            Terminal.out.table(table)
        }
        if workers.isEmpty { throw AdminError(.notFound, "No worker runs.", hint: "Start martlet-worker.") }
    }
}
