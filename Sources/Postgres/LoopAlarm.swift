/// A call that a loop makes once, later.
public final class LoopAlarm: @unchecked Sendable {
    // Unchecked: what is below `loop` is touched by the loop's thread only.
    private let loop: PQLoop
    private let timer: LoopTimer
    private var isCancelled = false

    fileprivate init(_ loop: PQLoop, _ timer: LoopTimer) {
        self.loop = loop
        self.timer = timer
    }

    /// May be called more than once, from anywhere, also after it rang.
    public func cancel() {
        loop.now { [self] in
            isCancelled = true
            loop.remove(timer)
        }
    }

    fileprivate func set(_ instant: Int64) {
        loop.now { [self] in
            // Set from another thread, cancelled on this one: that may come first.
            if !isCancelled { loop.addOnce(timer, at: instant) }
        }
    }
}

extension PQLoop {
    /// Calls `action` on the loop's thread when `delay` has passed, to the millisecond (rounded up), if the alarm is not cancelled before. `action` must not block.
    public func alarm(after delay: Duration, _ action: @escaping @Sendable () -> Void) -> LoopAlarm {
        let alarm = LoopAlarm(self, LoopTimer(action: action))
        alarm.set(monotonicNow() + max(0, delay.nanoseconds))
        return alarm
    }
}
