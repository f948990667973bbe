import Pipeline
import Synchronization

/// The loops of the providers, in a task of their own: a worker that is told to hurry does not wait for answers that no stage will
/// write down any more.
final class Providers: Sendable {
    private let task: Task<Void, Never>
    private let hasEnded = Mutex(false)

    /// Unstructured on purpose: a task group would wait for the slowest provider.
    init(_ body: @escaping @Sendable () async -> Void) { task = Task { await body() } }

    /// Tells them to close their connections, and waits for that, but not longer than this.
    func end(within limit: Duration) async {
        task.cancel()
        let until = ContinuousClock.now + limit
        let watcher = Task {
            await task.value
            hasEnded.withLock { $0 = true }
        }
        defer { watcher.cancel() }
        while !hasEnded.withLock({ $0 }) && ContinuousClock.now < until && !Task.isCancelled {
            await Pause.sleep(.milliseconds(10))
        }
    }
}
