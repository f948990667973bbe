import ArgumentParser
import Store

/// Enqueues as fast as it goes: in chunks, or one call per transaction.
struct Enqueue: AsyncParsableCommand {
    static let configuration = CommandConfiguration(abstract: "Enqueue messages and measure how fast.")
    enum Mode: String, ExpressibleByArgument { case rows, call }

    @OptionGroup var load: Load
    @Option(help: "rows (martlet.enqueue_rows, chunks of 5,000) or call (martlet.enqueue, a transaction each).") var mode = Mode
        .rows
    @Option(help: "Connections at once.") var clients = 1

    func run() async throws {
        let database = load.database(connections: clients)
        let share = load.count / clients
        let started = ContinuousClock.now
        try await withThrowingTaskGroup(of: Void.self) { group in
            for client in 0..<clients {
                group.addTask {
                    let range = client * share..<(client + 1) * share
                    switch mode {
                    case .rows: try await rows(range, database)
                    case .call: try await call(range, database)
                    }
                }
            }
            try await group.waitForAll()
        }
        let seconds = (ContinuousClock.now - started).inLoadSeconds
        report(
            "enqueue_\(mode.rawValue)_\(clients)", Double(share * clients) / seconds, "messages/s", "\(share * clients) messages")
        await database.close()
    }

    private func rows(_ range: Range<Int>, _ database: Database) async throws {
        for start in stride(from: range.lowerBound, to: range.upperBound, by: 5000) {
            let rows = (start..<min(start + 5000, range.upperBound)).map(load.row)
            try await database.withConnection { connection in
                if let refusal = try await connection.enqueue(rows) { throw refusal }
            }
        }
    }

    private func call(_ range: Range<Int>, _ database: Database) async throws {
        try await database.withConnection { connection in
            for n in range { _ = try await connection.run(EnqueueOne(load.row(n))) }
        }
    }
}

extension Duration {
    var inLoadSeconds: Double { Double(components.seconds) + Double(components.attoseconds) / 1e18 }
}
