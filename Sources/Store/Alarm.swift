import Postgres

/// One call of `action` after a while, on the thread of the database connections: a loop that runs there, too, is woken without another thread. `Task.sleep` wakes
/// four threads one after the other, which is most of what a worker costs that has nothing to do.
public struct Alarm: Sendable {
    private let alarm: LoopAlarm

    /// - Parameter action: must not block.
    public init(after delay: Duration, _ action: @escaping @Sendable () -> Void) {
        alarm = PQLoop.shared.alarm(after: delay, action)
    }

    /// Afterwards `action` is not called any more, unless it is being called right now.
    public func cancel() { alarm.cancel() }
}
