/// A bounded set of connections, lent one borrower at a time, first come first served.
///
/// Connections are made when wanted and kept. A lost one is replaced, with 100 ms to 10 s and jitter between failing attempts; only
/// one attempt runs while the server is down, so that its return is not met by a herd.
public actor PQPool {
    public nonisolated let loop: PQLoop
    public nonisolated let settings: PQPoolSettings
    public nonisolated var unownedExecutor: UnownedSerialExecutor { loop.asUnownedSerialExecutor() }

    var idle: [PQConnection] = []
    var lent: [ObjectIdentifier: PQConnection] = [:]
    var openers = 0
    var failures = 0
    var lastFailure: String?
    /// Connections lost and not yet replaced.
    var lost = 0
    var waiters = Queue<PoolWaiter>()
    var nextID: UInt64 = 1
    var isClosed = false
    var closing: [CheckedContinuation<Void, Never>] = []
    var timer: LoopTimer?
    var opening: [UInt64: Task<Void, Never>] = [:]

    public init(_ settings: PQPoolSettings, on loop: PQLoop = .shared) {
        self.settings = settings
        self.loop = loop
    }

    /// Lends a connection to `body`. A transaction left open is rolled back afterwards. Throws `PQError.poolExhausted` when none came
    /// free `within` the time (default from the settings); its text says why the last attempt to connect failed, if it did.
    public nonisolated(nonsending) func withConnection<Value>(
        within: Duration? = nil, _ body: nonisolated(nonsending) (PQConnection) async throws -> Value
    ) async throws -> Value {
        let connection = try await borrow(within)
        do {
            let value = try await body(connection)
            await giveBack(connection)
            return value
        } catch {
            await giveBack(connection)
            throw error
        }
    }

    /// Refuses new borrowers, waits for the present ones up to `grace`, then closes everything.
    public func close(grace: Duration = .seconds(10)) async {
        isClosed = true
        for waiter in waiters.all { waiter.resume(.failure(.closed(what: "the pool"))) }
        waiters = Queue()
        for task in opening.values { task.cancel() }
        let connections = idle
        idle = []
        for connection in connections { await connection.close() }
        if !lent.isEmpty {
            await withCheckedContinuation { continuation in
                closing.append(continuation)
                let timer = LoopTimer { [weak self] in self?.assumeIsolated { $0.finishClosing() } }
                loop.addOnce(timer, at: monotonicNow() + grace.nanoseconds)
            }
        }
        for connection in lent.values { await connection.close() }
    }

    /// What the connections are doing, for errors and metrics.
    public var state: PQPoolState {
        PQPoolState(
            size: settings.size, lent: lent.count, idle: idle.count, waiting: waiters.all.count, opening: openers,
            lastFailure: lastFailure)
    }

    // MARK: Lending

    private func borrow(_ within: Duration?) async throws -> PQConnection {
        try Task.checkCancellation()
        guard !isClosed else { throw PQError.closed(what: "the pool") }
        if waiters.isEmpty, let connection = takeIdle() {
            lent[ObjectIdentifier(connection)] = connection
            return connection
        }
        let allowed = within ?? settings.waitDeadline
        let waiter = PoolWaiter(id: nextID, deadline: monotonicNow() + allowed.nanoseconds, allowed: allowed)
        nextID += 1
        let id = waiter.id
        return try await withTaskCancellationHandler {
            try await withCheckedThrowingContinuation { continuation in
                waiter.continuation = continuation
                waiters.append(waiter)
                serve()
                guard waiter.continuation != nil else { return }
                arm(waiter.deadline)
                openIfWanted()
            }
        } onCancel: {
            loop.perform { self.assumeIsolated { $0.cancel(id) } }
        }
    }

    private func takeIdle() -> PQConnection? {
        while let connection = idle.popLast() {
            if connection.isUsable { return connection }
            lost += 1
        }
        return nil
    }

    private func giveBack(_ connection: PQConnection) async {
        await connection.rollBackIfOpen()
        lent[ObjectIdentifier(connection)] = nil
        if isClosed {
            await connection.close()
            if lent.isEmpty { finishClosing() }
            return
        }
        if connection.isUsable {
            offer(connection)
        } else {
            lost += 1
            openIfWanted()
        }
    }

    func offer(_ connection: PQConnection) {
        idle.append(connection)
        serve()
    }

    /// Gives idle connections to borrowers that wait. A borrower that has begun to wait calls it too: a connection may have come back between the look at the
    /// idle ones and the wait, and no other code would ever bring the two together while others wait as well.
    func serve() {
        while let waiter = waiters.first, let connection = takeIdle() {
            waiters.removeFirst()
            lent[ObjectIdentifier(connection)] = connection
            waiter.resume(.success(connection))
        }
    }

    private func cancel(_ id: UInt64) {
        waiters.removeAll { waiter in
            guard waiter.id == id else { return false }
            waiter.cancel()
            return true
        }
    }

    private func finishClosing() {
        for continuation in closing { continuation.resume() }
        closing = []
    }

    // MARK: Deadlines

    private func arm(_ deadline: Int64) {
        if timer == nil {
            let timer = LoopTimer { [weak self] in self?.assumeIsolated { $0.deadlineReached() } }
            loop.add(timer)
            self.timer = timer
        }
        if let timer { loop.arm(timer, at: deadline) }
    }

    private func deadlineReached() {
        let now = monotonicNow()
        var next = Int64.max
        let state = "\(state)"
        waiters.removeAll { waiter in
            guard waiter.deadline <= now else {
                next = min(next, waiter.deadline)
                return false
            }
            waiter.resume(.failure(.poolExhausted(state: state, after: waiter.allowed)))
            return true
        }
        if next != .max { arm(next) }
    }
}
