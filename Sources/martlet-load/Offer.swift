import ArgumentParser
import Domain
import Foundation
import Store

/// Enqueues at a steady rate, as services and producers do all day.
struct Offer: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Enqueue at a steady rate for some time; says what was reached and how long a call took.")
    @OptionGroup var load: Load
    @Option(help: "Messages per second.") var rate = 1000.0
    @Option(help: "How long.") var seconds = 60.0
    @Option(help: "Messages in one transaction: 1 calls martlet.enqueue, more martlet.enqueue_rows.") var chunk = 1
    @Option(help: "Connections at once.") var clients = 2
    @Option(help: "Number of the first message: two runs on one database use different recipients.") var first = 0

    func run() async throws {
        let database = load.database(connections: clients)
        let started = ContinuousClock.now
        let chunks = Int(rate * seconds / Double(chunk))
        let times = try await withThrowingTaskGroup(of: [Double].self) { group in
            for client in 0..<clients {
                group.addTask { try await offer(stride(from: client, to: chunks, by: clients), database, started) }
            }
            return try await group.reduce(into: []) { $0 += $1 }.sorted()
        }
        let took = (ContinuousClock.now - started).inLoadSeconds
        report("offered", Double(chunks * chunk) / took, "messages/s", "\(chunks * chunk) messages of class \(load.messageClass)")
        report("enqueue_p50", percentile(times, 50), "ms", "a call of \(chunk)")
        report("enqueue_p99", percentile(times, 99), "ms")
        await database.close()
    }

    /// How long each call took, milliseconds. A call that is late does not wait: the rate holds over the whole time.
    private func offer(
        _ numbers: StrideTo<Int>, _ database: Database, _ started: ContinuousClock.Instant
    ) async throws -> [Double] {
        var times: [Double] = []
        for number in numbers {
            let due = started + .seconds(Double(number * chunk) / rate)
            if due > .now { try await Task.sleep(until: due, tolerance: .zero, clock: .continuous) }
            let asked = ContinuousClock.now
            try await database.withConnection { connection in
                let place = first + number * chunk
                if chunk == 1 {
                    _ = try await connection.run(EnqueueOne(load.row(place)))
                } else if let refusal = try await connection.enqueue((place..<place + chunk).map(load.row)) {
                    throw refusal
                }
            }
            times.append((.now - asked).inLoadSeconds * 1000)
        }
        return times
    }
}
