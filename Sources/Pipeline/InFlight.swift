import Synchronization

/// How many messages a worker may have between Claim and Record: what bounds its memory. A share is kept for lane 0.
package final class InFlight: Sendable {
    private struct State {
        var count = 0
        var waiters: [CheckedContinuation<Void, Never>] = []
    }
    private let state = Mutex(State())
    package let limit: Int
    /// Only lane 0 may use the last `reserve` places.
    package let reserve: Int

    package init(limit: Int) {
        self.limit = limit
        self.reserve = max(1, limit / 10)
    }

    package var count: Int { state.withLock { $0.count } }

    /// Takes up to `wanted` places; 0 when none is free.
    package func take(_ wanted: Int, urgent: Bool) -> Int {
        state.withLock {
            let free = limit - (urgent ? 0 : reserve) - $0.count
            let taken = max(0, min(wanted, free))
            $0.count += taken
            return taken
        }
    }

    package func release(_ places: Int) {
        guard places > 0 else { return }
        state.withLock { $0.count -= places }
        wakeAll()
    }

    /// Ends every wait that is on.
    package func wakeAll() {
        let waiters = state.withLock { state in
            defer { state.waiters = [] }
            return state.waiters
        }
        for waiter in waiters { waiter.resume() }
    }

    /// Returns at the next release, or at once when nothing is in flight.
    package func waitForRelease() async {
        await withCheckedContinuation { continuation in
            let isEmpty = state.withLock {
                if $0.count > 0 { $0.waiters.append(continuation) }
                return $0.count == 0
            }
            if isEmpty { continuation.resume() }
        }
    }
}

/// Places of `InFlight` that a batch holds from its claim on. What was handed over keeps its places until Record has written the answer; the others go
/// back when the batch is done.
package final class Places: Sendable {
    private let inFlight: InFlight
    private let held: Mutex<Int>

    /// Takes up to `wanted` places; nil when none is free.
    package init?(_ wanted: Int, of inFlight: InFlight, urgent: Bool) {
        let taken = inFlight.take(wanted, urgent: urgent)
        guard taken > 0 else { return nil }
        self.inFlight = inFlight
        held = Mutex(taken)
    }

    package var count: Int { held.withLock { $0 } }

    /// So many are enough.
    func shrink(to count: Int) {
        inFlight.release(
            held.withLock { held in
                defer { held = min(held, count) }
                return max(0, held - count)
            })
    }

    /// Record gives these back.
    func leaveToRecord(_ count: Int) { held.withLock { $0 -= count } }

    /// Everything that is still held here.
    func release() { shrink(to: 0) }
}
