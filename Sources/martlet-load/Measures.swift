import ArgumentParser
import Domain
import Foundation
import Store

/// Waits until everything is sent and measures the worker's throughput by the database's own clock.
struct Drain: AsyncParsableCommand {
    static let configuration = CommandConfiguration(abstract: "Measure how fast running workers empty the queue.")
    @OptionGroup var load: Load
    @Option(help: "Give up after this many seconds.") var limit = 600

    func run() async throws {
        let database = load.database(connections: 1)
        let until = ContinuousClock.now + .seconds(limit)
        while try await !database.run(QueueIsEmpty()) {
            guard ContinuousClock.now < until else { throw ValidationError("the queue is not empty after \(limit) s") }
            try await Task.sleep(for: .milliseconds(200))
        }
        let sent = try await database.run(LoadThroughput())
        report(
            "pipeline", Double(sent.accepted) / max(sent.seconds, 0.001), "messages/s",
            "\(sent.accepted) accepted in \(sent.seconds) s")
        await database.close()
    }
}

/// Enqueues one message at a time onto an idle queue and measures how long it takes from the acknowledged commit until it is admitted
/// and until it is accepted. On the database's machine: it compares this machine's clock with the database's.
struct Pickup: AsyncParsableCommand {
    static let configuration = CommandConfiguration(abstract: "Measure pick-up latency on an idle queue; a worker must run.")
    @OptionGroup var load: Load
    @Option(help: "Mean pause between two messages, milliseconds; each lasts a quarter of it up to seven quarters.") var pause =
        20
    @Option(help: "Messages before those that are measured: connections, plans and caches become warm.") var warmup = 100

    func run() async throws {
        let database = load.database(connections: 1)
        var acknowledged: [MessageID: Timestamp] = [:]
        for n in 0..<warmup + load.count {
            let id = try await database.run(EnqueueOne(load.row(n)))
            if n >= warmup { acknowledged[id] = Timestamp(microseconds: Int64(Date.now.timeIntervalSince1970 * 1_000_000)) }
            // Not in step with any interval of the workers.
            try await Task.sleep(for: .milliseconds(pause) * Double.random(in: 0.25...1.75))
        }
        try await Task.sleep(for: .seconds(1))
        let times = try await database.run(PickupTimes(messageIDs: Array(acknowledged.keys)))
        func sorted(_ instant: (PickupTimes.Times) -> Timestamp) -> [Double] {
            times.compactMap { time in acknowledged[time.messageID].map { (instant(time) - $0).inLoadSeconds * 1000 } }.sorted()
        }
        let admitted = sorted(\.admitted)
        let accepted = sorted(\.accepted)
        report("pickup_admitted_p50", percentile(admitted, 50), "ms", "\(admitted.count) of \(acknowledged.count) messages")
        report("pickup_admitted_p99", percentile(admitted, 99), "ms")
        report("pickup_accepted_p50", percentile(accepted, 50), "ms")
        report("pickup_accepted_p99", percentile(accepted, 99), "ms")
        await database.close()
    }
}
