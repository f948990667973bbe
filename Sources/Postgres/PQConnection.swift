import CLibPQ
import Synchronization

/// One session with PostgreSQL: libpq in pipeline mode, on its loop.
///
/// Any number of tasks may call at once; their calls are pipelined in order, each group with its own sync, so that an error in one
/// harms no other. A connection that was lost, or closed by a deadline or a cancelled task, throws at once and is never used again.
public actor PQConnection {
    public nonisolated let loop: PQLoop
    public nonisolated let options: ConnectionOptions
    /// Whether it is still worth calling.
    public nonisolated var isUsable: Bool { usable.load(ordering: .acquiring) }
    public nonisolated var unownedExecutor: UnownedSerialExecutor { loop.asUnownedSerialExecutor() }

    let usable = Atomic(true)
    /// nil once closed.
    var handle: OpaquePointer?
    var channel: LoopChannel?
    var timer: LoopTimer?
    let notices = Notices()
    /// Why it was closed, for those who call afterwards.
    var closedBecause = "closed"

    /// Sent, waiting for answers.
    var sent = Queue<CallGroup>()
    /// Behind an exclusive user.
    var waiting = Queue<Waiter>()
    /// Somebody holds the connection alone (a script, a transaction).
    var isExclusive = false
    /// The exclusive user's wait for the socket.
    var socketWaiter: SocketWaiter?
    var prepared: [PreparedStatement.Key: PreparedStatement] = [:]
    /// How often a plan was stale; a statement that is prepared again gets a new name.
    var stalePlans = 0
    var nextID: UInt64 = 1
    var transaction: TransactionState?
    var isConnecting = true
    /// A task was cancelled; the connection closes as soon as no commit is under way.
    var closeAfterCommits: String?
    var listeners: [UInt64: (channel: String, AsyncStream<PQNotification>.Continuation)] = [:]

    enum Waiter {
        case group(CallGroup)
        case exclusive(id: UInt64, CheckedContinuation<Void, any Error>, deadline: Int64, allowed: Duration, name: String)
    }

    init(loop: PQLoop, options: ConnectionOptions) {
        self.loop = loop
        self.options = options
    }

    isolated deinit {
        disconnect()
    }

    /// Whether the last answer left a transaction open (also a failed one).
    public var isInTransaction: Bool {
        guard let handle else { return false }
        let status = PQtransactionStatus(handle)
        return status == PQTRANS_INTRANS || status == PQTRANS_INERROR
    }

    /// The server process, as in `pg_stat_activity`; 0 when closed.
    public var backendPID: Int32 { handle.map { PQbackendPID($0) } ?? 0 }

    /// Runs one call outside or inside a transaction. `within` replaces the default deadline.
    public func query(_ call: PQCall, within: Duration? = nil) async throws -> PQRows {
        try await run([call], within: within)[0]
    }

    /// Runs calls in one round trip: all or, when one fails, none of them (unless they open or end transactions themselves). The error
    /// names the call that failed.
    public func pipeline(_ calls: [PQCall], within: Duration? = nil) async throws -> [PQRows] {
        try await run(calls, within: within)
    }

    /// Closes at once; what is under way fails.
    public func close() {
        end("closed by us")
    }

    // MARK: Groups

    func run(
        _ calls: [PQCall], within: Duration? = nil, shielded: Bool = false, inside: UInt64? = nil
    ) async throws -> [PQRows] {
        if calls.isEmpty { return [] }
        if !shielded { try Task.checkCancellation() }
        let group = makeGroup(calls, within: within, shielded: shielded)
        let id = group.id
        return try await withTaskCancellationHandler {
            try await withCheckedThrowingContinuation { continuation in
                group.continuation = continuation
                submit(group, bypassing: inside != nil)
            }
        } onCancel: {
            if !shielded {
                loop.perform { self.assumeIsolated { $0.cancel(group: id) } }
            }
        }
    }

    func makeGroup(_ calls: [PQCall], within: Duration?, shielded: Bool) -> CallGroup {
        let allowed = within ?? options.queryDeadline
        defer { nextID += 1 }
        return CallGroup(
            id: nextID, calls: calls, deadline: monotonicNow() + allowed.nanoseconds, allowed: allowed, isShielded: shielded)
    }

    private func submit(_ group: CallGroup, bypassing: Bool) {
        guard isUsable else {
            group.finish(.failure(.connectionLost(statement: group.name, cause: closedBecause, mayHaveRun: false)))
            return
        }
        arm(group.deadline)
        if bypassing || (!isExclusive && waiting.isEmpty) {
            send(group)
        } else {
            waiting.append(.group(group))
        }
    }

    func arm(_ deadline: Int64) {
        if let timer { loop.arm(timer, at: deadline) }
    }

    // MARK: The gate

    /// Waits until no other task uses the connection, then keeps it until `leaveExclusive`.
    func enterExclusive(_ name: String, within: Duration?) async throws {
        try Task.checkCancellation()
        guard isUsable else {
            throw PQError.connectionLost(statement: name, cause: closedBecause, mayHaveRun: false)
        }
        if !isExclusive && waiting.isEmpty && sent.isEmpty {
            isExclusive = true
            return
        }
        let allowed = within ?? options.queryDeadline
        let deadline = monotonicNow() + allowed.nanoseconds
        let id = nextID
        nextID += 1
        try await withTaskCancellationHandler {
            try await withCheckedThrowingContinuation { continuation in
                waiting.append(.exclusive(id: id, continuation, deadline: deadline, allowed: allowed, name: name))
                arm(deadline)
            }
        } onCancel: {
            loop.perform { self.assumeIsolated { $0.cancelWaiting(exclusive: id) } }
        }
    }

    func leaveExclusive() {
        isExclusive = false
        advanceWaiting()
    }

    /// Lets in who waits, in order: groups all at once, an exclusive user when nothing is under way.
    func advanceWaiting() {
        while !isExclusive, let first = waiting.first {
            switch first {
            case .group(let group):
                waiting.removeFirst()
                send(group)
            case .exclusive(_, let continuation, _, _, _):
                guard sent.isEmpty else { return }
                waiting.removeFirst()
                isExclusive = true
                continuation.resume()
            }
        }
    }
}
