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
    @OptionGroup var watching: WatchOptions
    @OptionGroup var shared: SharedOptions

    func run() async throws {
        try await watching.run {
            let found = try await shared.run(ShowWorkers(all: all))
            shared.show(found) {
                Terminal.out.table(Self.table(found.workers, found.now))
                if found.workers.isEmpty { Terminal.error.line("No worker runs: start martlet-worker.", .yellow) }
            }
        }
    }

    static func table(_ workers: [ListWorkers.Worker], _ now: Timestamp) -> Table {
        var table = Table("#session", "worker", "host", "#pid", "version", "started", "beat", "#in flight", "#policy", "state")
        for worker in workers {
            let style: Style = worker.state == "live" ? .green : worker.state == "ended" ? .dim : .yellow
            table.add(
                "\(worker.session)", "\(worker.worker)", "\(worker.host)", "\(worker.pid)", "\(worker.version)",
                "\(worker.startedAt.relative(to: now))", "\(worker.beatAt.relative(to: now))",
                "\(worker.inFlight)", "\(worker.policy.map { "\($0)" } ?? "-")", Table.Cell(worker.state, style))
        }
        return table
    }
}
