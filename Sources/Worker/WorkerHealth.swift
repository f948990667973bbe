import Pipeline
import Synchronization

/// What the health port tells about a worker.
public final class WorkerHealth: Sendable {
    private struct State {
        var isReady = true
        var shared: SharedState?
        var inFlight: InFlight?
    }
    private let state = Mutex(State())

    public init() {}

    var isReady: Bool {
        get { state.withLock { $0.isReady } }
        set { state.withLock { $0.isReady = newValue } }
    }

    func watch(_ shared: SharedState, _ inFlight: InFlight) {
        state.withLock {
            $0.shared = shared
            $0.inFlight = inFlight
        }
    }

    /// The grace period is over now.
    func hurry() { state.withLock { $0.shared }?.hurry() }

    /// Reasons why this worker takes no work; empty: it does.
    public var reasonsNotReady: [String] {
        state.withLock { state in
            guard let shared = state.shared else { return ["starting: no policy yet, or the database cannot be reached"] }
            var reasons: [String] = []
            if !state.isReady { reasons.append("stopped") }
            if shared.isDraining { reasons.append("draining, \(state.inFlight?.count ?? 0) messages in flight") }
            if !shared.isReady { reasons.append("fenced, or the database is read-only or an old primary") }
            return reasons
        }
    }
}
