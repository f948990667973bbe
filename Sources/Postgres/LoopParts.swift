import CLibPQ
import Glibc

/// A watched socket. Used on the loop's thread only.
final class LoopChannel {
    var token: UInt64 = 0
    var descriptor: Int32 = -1
    var events: UInt32 = 0
    let onReady: (UInt32) -> Void

    init(onReady: @escaping (UInt32) -> Void) { self.onReady = onReady }
}

/// Wakes its owner once, no later than `instant`. Used on the loop's thread only.
///
/// There is one per connection, not one per call: deadlines are far away and calls are short, so the owner looks for the next
/// deadline when it is woken instead of moving the timer with every call.
final class LoopTimer {
    /// `monotonicNow()` at which to fire; `Int64.max` when off.
    var instant = Int64.max
    var isOneShot = false
    let action: () -> Void

    init(action: @escaping () -> Void) { self.action = action }
}

enum LoopThread {
    /// The loop whose thread this is.
    static var current: UnsafeMutableRawPointer? {
        get { pthread_getspecific(key) }
        set { pthread_setspecific(key, newValue) }
    }

    private static let key: pthread_key_t = {
        var key = pthread_key_t()
        pthread_key_create(&key, nil)
        return key
    }()
}

/// Nanoseconds of CLOCK_BOOTTIME, the clock of `ContinuousClock`.
func monotonicNow() -> Int64 {
    var time = timespec()
    clock_gettime(CLOCK_BOOTTIME, &time)
    return Int64(time.tv_sec) * 1_000_000_000 + Int64(time.tv_nsec)
}

extension Duration {
    /// Whole nanoseconds, saturating at 146 years so that sums with a clock cannot overflow.
    var nanoseconds: Int64 {
        let (seconds, attoseconds) = components
        guard abs(seconds) < Int64.max / 2_000_000_000 else { return seconds > 0 ? Int64.max / 2 : 0 }
        return seconds * 1_000_000_000 + attoseconds / 1_000_000_000
    }

    /// For people: `350 ms`, `5 s`.
    var readable: String {
        let milliseconds = nanoseconds / 1_000_000
        if milliseconds < 1_000 { return "\(milliseconds) ms" }
        let tenths = milliseconds / 100
        return tenths % 10 == 0 ? "\(tenths / 10) s" : "\(tenths / 10).\(tenths % 10) s"
    }
}

/// Starts a detached thread that takes no signals: they belong to the process's own handlers.
func spawnThread(name: String, _ body: @escaping @Sendable () -> Void) {
    final class Box: Sendable {
        let name: String
        let body: @Sendable () -> Void
        init(_ name: String, _ body: @escaping @Sendable () -> Void) { (self.name, self.body) = (name, body) }
    }
    var attributes = pthread_attr_t()
    pthread_attr_init(&attributes)
    pthread_attr_setdetachstate(&attributes, Int32(PTHREAD_CREATE_DETACHED))
    var all = sigset_t()
    var before = sigset_t()
    sigfillset(&all)
    pthread_sigmask(SIG_SETMASK, &all, &before)
    var thread = pthread_t()
    let status = pthread_create(
        &thread, &attributes,
        { argument in
            let box = Unmanaged<Box>.fromOpaque(argument!).takeRetainedValue()
            pq_name_thread(box.name)
            box.body()
            return nil
        }, Unmanaged.passRetained(Box(name, body)).toOpaque())
    precondition(status == 0, "cannot start the thread \(name): error \(status)")
    pthread_sigmask(SIG_SETMASK, &before, nil)
    pthread_attr_destroy(&attributes)
}
