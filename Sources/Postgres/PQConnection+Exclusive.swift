import CLibPQ

/// A wait of the exclusive user for its socket. Used on the connection's loop only.
final class SocketWaiter {
    let id: UInt64
    let name: String
    let deadline: Int64
    let allowed: Duration
    /// While connecting libpq reads for itself.
    let consumes: Bool
    private var continuation: CheckedContinuation<Void, any Error>?
    private let release: () -> Void

    init(
        id: UInt64, name: String, deadline: Int64, allowed: Duration, consumes: Bool,
        continuation: CheckedContinuation<Void, any Error>, release: @escaping () -> Void
    ) {
        self.id = id
        self.name = name
        self.deadline = deadline
        self.allowed = allowed
        self.consumes = consumes
        self.continuation = continuation
        self.release = release
    }

    func ready(_ handle: OpaquePointer, _ events: UInt32) {
        // A failure shows in the next PQgetResult.
        if consumes { PQconsumeInput(handle) }
        release()
        finish(.success(()))
    }

    func finish(_ result: Result<Void, PQError>) {
        continuation?.resume(with: result.mapError { $0 as any Error })
        continuation = nil
    }

    func cancel() {
        continuation?.resume(throwing: CancellationError())
        continuation = nil
    }
}

extension PQConnection {
    /// Runs a script of several statements, as `psql` would send it: text without parameters, one implicit transaction unless it says
    /// otherwise. Statements queued by others wait. For migrations; throws the first error.
    public func execute(script: String, name: String = "script", within: Duration? = nil) async throws {
        try await enterExclusive(name, within: within)
        defer { leaveExclusive() }
        try leavePipeline(name)
        guard let handle, PQsendQuery(handle, script) == 1 else { throw lostWhile(name) }
        let deadline = Deadline(within ?? options.queryDeadline)
        try await finishSimple(name, deadline)
    }

    struct Deadline {
        let allowed: Duration
        let instant: Int64
        init(_ allowed: Duration) {
            self.allowed = allowed
            instant = monotonicNow() + allowed.nanoseconds
        }
    }

    /// Reads the answers to the end, back into pipeline mode, and throws the first refusal. Returns the rows of the last answer.
    @discardableResult
    private func finishSimple(_ name: String, _ deadline: Deadline) async throws -> PQRows? {
        var refusal: PQError?
        var last: PQRows?
        while let result = try await nextResult(name, deadline) {
            switch PQresultStatus(result) {
            case PGRES_FATAL_ERROR:
                if refusal == nil, errorField(result, PQDiagnostic.severity) == "ERROR" {
                    refusal = .server(PQServerError(result, statement: name))
                }
                PQclear(result)
            case PGRES_COPY_IN, PGRES_COPY_OUT, PGRES_COPY_BOTH:
                PQclear(result)
                end("\(name): COPY has no place here")
                throw PQError.misuse("\(name): COPY has no place here")
            default:
                last = PQRows(result: result, statement: name)
            }
        }
        guard let handle, PQstatus(handle) == CONNECTION_OK else {
            end(libpqMessage())
            throw refusal ?? lostWhile(name)
        }
        guard PQenterPipelineMode(handle) == 1 else { throw lostWhile(name) }
        if let refusal { throw refusal }
        return last
    }

    private func leavePipeline(_ name: String) throws {
        guard let handle, PQexitPipelineMode(handle) == 1 else { throw lostWhile(name) }
    }

    func lostWhile(_ name: String) -> PQError {
        end(libpqMessage())
        return .connectionLost(statement: name, cause: closedBecause, mayHaveRun: true)
    }

    /// The next result outside pipeline mode, nil after the last.
    private func nextResult(_ name: String, _ deadline: Deadline) async throws -> OpaquePointer? {
        while true {
            guard let handle else { throw lostWhile(name) }
            let pending = PQflush(handle)
            if pending < 0 { throw lostWhile(name) }
            if pending == 0 && PQisBusy(handle) == 0 { return PQgetResult(handle) }
            try await socketEvent(name, deadline, writable: pending == 1)
        }
    }

    /// Waits until the socket has something to read or, if asked, room to write. A cancelled task closes the connection.
    func socketEvent(
        _ name: String, _ deadline: Deadline, readable: Bool = true, writable: Bool, consumes: Bool = true, fresh: Bool = false
    ) async throws {
        guard let handle, let channel else { throw lostWhile(name) }
        let events = (readable ? EPOLLIN.rawValue : 0) | (writable ? EPOLLOUT.rawValue : 0)
        loop.watch(channel, PQsocket(handle), events, fresh: fresh)
        let id = nextID
        nextID += 1
        try await withTaskCancellationHandler {
            try await withCheckedThrowingContinuation { continuation in
                socketWaiter = SocketWaiter(
                    id: id, name: name, deadline: deadline.instant, allowed: deadline.allowed, consumes: consumes,
                    continuation: continuation,
                    release: { [weak self] in self?.assumeIsolated { $0.socketWaiter = nil } })
                arm(deadline.instant)
            }
        } onCancel: {
            loop.perform { self.assumeIsolated { $0.cancelSocketWait(id) } }
        }
        if let channel = self.channel, let handle = self.handle { loop.watch(channel, PQsocket(handle), EPOLLIN.rawValue) }
    }

    private func cancelSocketWait(_ id: UInt64) {
        guard let waiter = socketWaiter, waiter.id == id else { return }
        socketWaiter = nil
        waiter.cancel()
        end("\(waiter.name) was cancelled")
    }
}
