import Synchronization
import Transports

/// Answers of the providers on their way to Record: collected by the transports' threads, taken in batches.
final class Results: Sendable {
    private let waiting = Mutex<[(SubmissionResult, Work)]>([])
    private let signal = Signal()

    func add(_ results: [(SubmissionResult, Work)]) {
        guard !results.isEmpty else { return }
        waiting.withLock { $0 += results }
        signal.fire()
    }

    /// Up to `limit` results; waits until there is one. Empty when `timeout` passed or the task was cancelled.
    func take(_ limit: Int, timeout: Duration) async -> [(SubmissionResult, Work)] {
        let generation = signal.generation
        let taken = takeNow(limit)
        if !taken.isEmpty { return taken }
        await signal.wait(after: generation, timeout: timeout)
        return takeNow(limit)
    }

    private func takeNow(_ limit: Int) -> [(SubmissionResult, Work)] {
        waiting.withLock { waiting in
            if waiting.count <= limit {
                defer { waiting = [] }
                return waiting
            }
            defer { waiting.removeFirst(limit) }
            return Array(waiting.prefix(limit))
        }
    }
}
