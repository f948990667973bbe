import Store
import Synchronization
import Transports

/// Answers of the providers on their way to Record: collected by the transports' threads, taken in batches, those of lane 0 first: behind
/// a campaign thousands of others may be waiting.
///
/// Transports over SMTP and HTTP answer one by one, and a transaction costs as much for one answer as for thirty. So answers of other lanes wait for each other:
/// until there are `enough`, or until the first of them has waited for `patience`.
package final class Results: Sendable {
    package typealias Answer = (SubmissionResult, Work)
    private struct Waiting {
        var urgent: [Answer] = []
        var others: [Answer] = []
        /// When the first of `others` came.
        var since = ContinuousClock.now
        /// A loop waits until `others` are to be taken.
        var isGathering = false
    }
    private enum Next {
        /// - Parameter isMore: others are left for the other loop.
        case take([Answer], isMore: Bool)
        /// nil: until something is added.
        case wait(until: ContinuousClock.Instant?)
    }
    private let waiting = Mutex(Waiting())
    private let signal = LoopSignal()
    private let enough: Int
    private let patience: Duration

    /// - Parameters:
    ///   - enough: so many answers are written at once.
    ///   - patience: what an answer waits at most. A worker that is killed leaves as many more unknown outcomes as it gets answers in that time.
    package init(enough: Int = 100, patience: Duration = .milliseconds(5)) {
        self.enough = enough
        self.patience = patience
    }

    package func add(_ results: [Answer]) {
        guard !results.isEmpty else { return }
        let isNews = waiting.withLock { waiting in
            let before = (urgent: waiting.urgent.count, others: waiting.others.count)
            for result in results {
                if result.1.priority == 0 { waiting.urgent.append(result) } else { waiting.others.append(result) }
            }
            if before.others == 0 { waiting.since = .now }
            // From the second answer on until there are enough, nothing is woken.
            return waiting.urgent.count > before.urgent || before.others == 0 || waiting.others.count >= enough
        }
        if isNews { signal.fire() }
    }

    /// Up to `limit` results; waits until there are some. Empty when `timeout` passed or the task was cancelled.
    package func take(_ limit: Int, timeout: Duration) async -> [Answer] {
        let deadline = ContinuousClock.now + timeout
        var gathers = false
        while true {
            let generation = signal.generation
            switch next(limit, gathers: &gathers, isEnd: Task.isCancelled || .now >= deadline) {
            case .take(let taken, let isMore):
                if isMore { signal.fire() }
                return taken
            case .wait(let until):
                await signal.wait(after: generation, timeout: min(until ?? deadline, deadline) - .now)
            }
        }
    }

    /// - Parameters:
    ///   - gathers: this loop, and no other, waits until those that are not urgent are to be taken.
    ///   - isEnd: no more waiting.
    private func next(_ limit: Int, gathers: inout Bool, isEnd: Bool) -> Next {
        waiting.withLock { waiting in
            let due = waiting.others.isEmpty ? nil : waiting.since + patience
            // A batch with an answer of lane 0 has no others: it would be on disk later for each of them.
            let isUrgent = !waiting.urgent.isEmpty
            if isUrgent || isEnd || waiting.others.count >= enough || due.map({ $0 <= .now }) == true {
                if gathers { waiting.isGathering = false }
                gathers = false
                let taken = isUrgent ? Self.take(limit, from: &waiting.urgent) : Self.take(limit, from: &waiting.others)
                return .take(taken, isMore: !waiting.others.isEmpty)
            }
            if waiting.isGathering && !gathers { return .wait(until: nil) }
            gathers = due != nil
            waiting.isGathering = gathers
            return .wait(until: due)
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
