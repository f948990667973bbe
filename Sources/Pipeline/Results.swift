import Store
import Synchronization
import Transports

/// Answers of the providers on their way to Record: collected by the transports' threads, taken in batches, those of lane 0 first: behind
/// a campaign thousands of others may be waiting.
package final class Results: Sendable {
    package typealias Answer = (SubmissionResult, Work)
    private struct Waiting {
        var urgent: [Answer] = []
        var others: [Answer] = []
    }
    private let waiting = Mutex(Waiting())
    private let signal = LoopSignal()

    package init() {}

    package func add(_ results: [Answer]) {
        guard !results.isEmpty else { return }
        waiting.withLock { waiting in
            for result in results {
                if result.1.priority == 0 { waiting.urgent.append(result) } else { waiting.others.append(result) }
            }
        }
        signal.fire()
    }

    /// Up to `limit` results; waits until there is one. Empty when `timeout` passed or the task was cancelled.
    package func take(_ limit: Int, timeout: Duration) async -> [Answer] {
        let generation = signal.generation
        let taken = takeNow(limit)
        if !taken.isEmpty { return taken }
        await signal.wait(after: generation, timeout: timeout)
        return takeNow(limit)
    }

    /// A batch with an answer of lane 0 has no others: it would be on disk later for each of them.
    private func takeNow(_ limit: Int) -> [Answer] {
        waiting.withLock { waiting in
            waiting.urgent.isEmpty ? Self.take(limit, from: &waiting.others) : Self.take(limit, from: &waiting.urgent)
        }
    }

    private static func take(_ limit: Int, from waiting: inout [Answer]) -> [Answer] {
        if waiting.count <= limit {
            defer { waiting = [] }
            return waiting
        }
        defer { waiting.removeFirst(limit) }
        return Array(waiting.prefix(limit))
    }
}
