import CLibPQ
import Glibc
import Synchronization

/// One thread that watches the sockets of its connections and runs their code.
///
/// It is the serial executor of every `PQConnection` and `PQPool` made on it. A task that prefers it
/// (`withTaskExecutorPreference(loop)`) makes a round trip without a thread hop. Code on the loop must not block: it would stop every
/// connection of the loop. A loop lives as long as the process; make one per few connections that are busy at once.
public final class PQLoop: SerialExecutor, TaskExecutor, @unchecked Sendable {
    // Unchecked: `inbox` is a mutex; everything below it is touched by the loop's own thread only.
    private struct Inbox {
        var jobs: [UnownedJob] = []
        var actions: [@Sendable () -> Void] = []
        var isSignalled = false
    }

    /// The loop for callers that do not bring their own.
    public static let shared = PQLoop(name: "pq-shared")

    public let name: String
    private let inbox = Mutex(Inbox())
    private let epoll: Int32
    private let wake: Int32

    private var localJobs: [UnownedJob] = []
    private var batch: [UnownedJob] = []
    private var channels: [UInt64: LoopChannel] = [:]
    /// Whose a watched descriptor is now: libpq closes sockets by itself, and the kernel gives their numbers to the next one.
    private var owners: [Int32: UInt64] = [:]
    private var nextToken: UInt64 = 1
    private var timers: [ObjectIdentifier: LoopTimer] = [:]
    private var nextWake = Int64.max

    /// Starts the thread. `name` shows in `ps -L` (15 characters at most).
    public init(name: String) {
        self.name = name
        epoll = epoll_create1(Int32(EPOLL_CLOEXEC))
        wake = eventfd(0, Int32(EFD_CLOEXEC | EFD_NONBLOCK))
        precondition(epoll >= 0 && wake >= 0, "no descriptors left for a database loop (errno \(errno))")
        var event = epoll_event(events: EPOLLIN.rawValue, data: epoll_data_t(u64: 0))
        epoll_ctl(epoll, EPOLL_CTL_ADD, wake, &event)
        spawnThread(name: name) { [self] in
            LoopThread.current = Unmanaged.passUnretained(self).toOpaque()
            run()
        }
    }

    // MARK: Executor

    public func enqueue(_ job: consuming ExecutorJob) {
        let job = UnownedJob(job)
        if isCurrent {
            localJobs.append(job)
        } else {
            post { $0.jobs.append(job) }
        }
    }

    public func asUnownedSerialExecutor() -> UnownedSerialExecutor { UnownedSerialExecutor(ordinary: self) }

    public func checkIsolated() {
        precondition(isCurrent, "this code belongs on the database loop \(name)")
    }

    public func isIsolatingCurrentContext() -> Bool? { isCurrent }

    var isCurrent: Bool { LoopThread.current == Unmanaged.passUnretained(self).toOpaque() }

    /// Runs `action` on the loop's thread, soon. For cancellation handlers, which cannot await.
    func perform(_ action: @escaping @Sendable () -> Void) {
        post { $0.actions.append(action) }
    }

    /// Runs `action` on the loop's thread: at once when this is it.
    func now(_ action: @escaping @Sendable () -> Void) {
        if isCurrent { action() } else { perform(action) }
    }

    private func post(_ change: (inout Inbox) -> Void) {
        let mustSignal = inbox.withLock { inbox in
            change(&inbox)
            defer { inbox.isSignalled = true }
            return !inbox.isSignalled
        }
        if mustSignal { eventfd_write(wake, 1) }
    }

    // MARK: Thread

    private func run() -> Never {
        let capacity = 64
        let events = UnsafeMutablePointer<epoll_event>.allocate(capacity: capacity)
        while true {
            let ready = epoll_wait(epoll, events, Int32(capacity), pollTimeout())
            for index in 0..<max(0, Int(ready)) {
                let event = events[index]
                if event.data.u64 == 0 {
                    takeInbox()
                } else {
                    channels[event.data.u64]?.onReady(event.events)
                }
            }
            fireTimers()
            runJobs()
        }
    }

    /// Runs what is queued, and what that queues, but looks at the sockets again after a while.
    private func runJobs() {
        for _ in 0..<64 where !localJobs.isEmpty {
            swap(&batch, &localJobs)
            for job in batch {
                job.runSynchronously(isolatedTo: asUnownedSerialExecutor(), taskExecutor: asUnownedTaskExecutor())
            }
            batch.removeAll(keepingCapacity: true)
        }
    }

    private func takeInbox() {
        var count: eventfd_t = 0
        eventfd_read(wake, &count)
        var actions: [@Sendable () -> Void] = []
        inbox.withLock { inbox in
            localJobs.append(contentsOf: inbox.jobs)
            inbox.jobs.removeAll(keepingCapacity: true)
            swap(&actions, &inbox.actions)
            inbox.isSignalled = false
        }
        for action in actions { action() }
    }

    private func pollTimeout() -> Int32 {
        if !localJobs.isEmpty { return 0 }
        if nextWake == .max { return -1 }
        // Rounded up, so that the loop does not spin through the last millisecond.
        return Int32(clamping: max(0, (nextWake - monotonicNow() + 999_999) / 1_000_000))
    }

    // MARK: Timers and sockets, on the loop's thread only

    func add(_ timer: LoopTimer) { timers[ObjectIdentifier(timer)] = timer }

    /// Fires once and is forgotten.
    func addOnce(_ timer: LoopTimer, at instant: Int64) {
        timer.isOneShot = true
        add(timer)
        arm(timer, at: instant)
    }

    func remove(_ timer: LoopTimer) { timers[ObjectIdentifier(timer)] = nil }

    /// Makes the timer fire at `instant` or earlier; moving it later is left to the task that it wakes.
    func arm(_ timer: LoopTimer, at instant: Int64) {
        guard instant < timer.instant else { return }
        timer.instant = instant
        if instant < nextWake { nextWake = instant }
    }

    private func fireTimers() {
        guard nextWake != .max else { return }
        let now = monotonicNow()
        guard now >= nextWake else { return }
        nextWake = .max
        let due = timers.values.filter { $0.instant <= now }
        for timer in due {
            timer.instant = .max
            if timer.isOneShot { remove(timer) }
            timer.action()
        }
        for timer in timers.values where timer.instant < nextWake { nextWake = timer.instant }
    }

    func add(_ channel: LoopChannel) {
        channel.token = nextToken
        nextToken += 1
        channels[channel.token] = channel
    }

    /// Watches `descriptor` for `events`. libpq may close its socket and open another under the same number, so the kernel is always
    /// told and never trusted to remember.
    func watch(_ channel: LoopChannel, _ descriptor: Int32, _ events: UInt32, fresh: Bool = false) {
        if !fresh && channel.descriptor == descriptor && channel.events == events { return }
        var event = epoll_event(events: events, data: epoll_data_t(u64: channel.token))
        if epoll_ctl(epoll, EPOLL_CTL_MOD, descriptor, &event) != 0 {
            epoll_ctl(epoll, EPOLL_CTL_ADD, descriptor, &event)
        }
        if channel.descriptor != descriptor { disown(channel) }
        owners[descriptor] = channel.token
        channel.descriptor = descriptor
        channel.events = events
    }

    /// Forgets the channel; call it before the socket is closed.
    func remove(_ channel: LoopChannel) {
        if disown(channel) {
            var event = epoll_event()
            epoll_ctl(epoll, EPOLL_CTL_DEL, channel.descriptor, &event)
        }
        channels[channel.token] = nil
        channel.descriptor = -1
    }

    /// False: the number belongs to another connection's socket by now, which must stay watched.
    @discardableResult
    private func disown(_ channel: LoopChannel) -> Bool {
        guard owners[channel.descriptor] == channel.token else { return false }
        owners[channel.descriptor] = nil
        return true
    }
}
