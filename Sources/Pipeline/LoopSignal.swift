import Store
import Synchronization

/// Wakes loops that wait for work: `fire` ends every wait that is on, and the next one at once if no loop was waiting.
package final class LoopSignal: Sendable {
    private struct State {
        var generation: UInt64 = 0
        var waiters: [UInt64: CheckedContinuation<Void, Never>] = [:]
        var nextID: UInt64 = 0
        /// Waits that have begun; true: over before they were among the waiters. A short alarm may ring that early.
        var begun: [UInt64: Bool] = [:]
    }
    private let state = Mutex(State())

    package init() {}

    /// To be passed to `wait(after:)`: what fires from now on is not missed.
    package var generation: UInt64 { state.withLock { $0.generation } }

    /// Somebody waits now.
    package var isAwaited: Bool { state.withLock { !$0.waiters.isEmpty } }

    package func fire() {
        let waiters = state.withLock { state in
            state.generation &+= 1
            defer { state.waiters = [:] }
            return state.waiters
        }
        for waiter in waiters.values { waiter.resume() }
    }

    /// Returns when the signal fires after `generation`, when `timeout` has passed, or when the task is cancelled.
    package func wait(after generation: UInt64, timeout: Duration) async {
        let id = state.withLock { state in
            state.nextID &+= 1
            state.begun[state.nextID] = false
            return state.nextID
        }
        let alarm = Alarm(after: timeout) { self.resume(id) }
        await withTaskCancellationHandler {
            await withCheckedContinuation { continuation in
                let isOver = state.withLock { state in
                    if state.generation != generation || Task.isCancelled || state.begun[id] == true { return true }
                    state.waiters[id] = continuation
                    return false
                }
                if isOver { continuation.resume() }
            }
        } onCancel: {
            self.resume(id)
        }
        alarm.cancel()
        state.withLock { _ = $0.begun.removeValue(forKey: id) }
    }

    private func resume(_ id: UInt64) {
        state.withLock { state in
            if state.begun[id] != nil { state.begun[id] = true }
            return state.waiters.removeValue(forKey: id)
        }?.resume()
    }
}
