extension Pause {
    /// Sleeps, or returns early when the task is cancelled: the caller's loop looks at that itself.
    package static func sleep(_ duration: Duration) async {
        let signal = LoopSignal()
        await signal.wait(after: signal.generation, timeout: duration)
    }

    /// Sleeps in short steps as long as `condition` holds.
    package static func sleepWhile(_ duration: Duration, _ condition: () -> Bool) async {
        let until = ContinuousClock.now + duration
        while ContinuousClock.now < until && condition() && !Task.isCancelled { await sleep(.milliseconds(200)) }
    }
}

/// Growing, jittered pauses between tries: 100 ms doubling to a limit.
package struct Pause {
    private var length = Duration.milliseconds(100)
    private var began: ContinuousClock.Instant?
    package let limit: Duration
    package private(set) var isFirst = true

    package init(limit: Duration) { self.limit = limit }

    package mutating func reset() { self = Pause(limit: limit) }

    package func isOver(_ total: Duration) -> Bool { began.map { ContinuousClock.now - $0 > total } ?? false }

    package mutating func wait() async {
        began = began ?? .now
        isFirst = false
        let pause = length * Double.random(in: 0.5...1)
        length = min(length * 2, limit)
        await Self.sleep(pause)
    }
}
