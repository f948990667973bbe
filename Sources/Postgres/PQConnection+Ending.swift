import CLibPQ
import Synchronization

extension PQConnection {
    /// Closes the socket and tells everybody. The only way a connection ends. With `now` those whose
    /// deadline has passed learn that.
    func end(_ cause: String, at now: Int64 = .min) {
        guard handle != nil else { return }
        if closedBecause == "closed" { closedBecause = cause }
        let cause = closedBecause
        disconnect()
        let groups = sent.all
        sent = Queue()
        for group in groups {
            if group.isComplete {
                group.finish(.success(group.rows))
            } else if group.deadline <= now {
                group.finish(.failure(group.late(sent: true)))
            } else {
                group.finish(.failure(group.lost(cause, sent: true)))
            }
        }
        let waiters = waiting.all
        waiting = Queue()
        for waiter in waiters {
            switch waiter {
            case .group(let group):
                group.finish(.failure(group.lost(cause, sent: false)))
            case .exclusive(_, let continuation, _, _, let name):
                continuation.resume(throwing: PQError.connectionLost(statement: name, cause: cause, mayHaveRun: false))
            }
        }
        let waiter = socketWaiter
        socketWaiter = nil
        waiter?.finish(.failure(.connectionLost(statement: waiter?.name ?? "", cause: cause, mayHaveRun: true)))
        for (_, listener) in listeners.values { listener.finish() }
        listeners = [:]
    }

    /// Gives descriptor and memory back. Not before the loop has forgotten the descriptor.
    func disconnect() {
        usable.store(false, ordering: .releasing)
        if let channel { loop.remove(channel) }
        channel = nil
        if let timer { loop.remove(timer) }
        timer = nil
        if let handle { PQfinish(handle) }
        handle = nil
    }

    /// The timer fired: somebody's deadline may have passed.
    func deadlineReached() {
        let now = monotonicNow()
        waiting.removeAll { waiter in
            switch waiter {
            case .group(let group):
                guard group.deadline <= now else { return false }
                group.finish(.failure(group.late(sent: false)))
                return true
            case .exclusive(_, let continuation, let deadline, let allowed, let name):
                guard deadline <= now else { return false }
                continuation.resume(throwing: PQError.deadlineExceeded(statement: name, after: allowed, mayHaveRun: false))
                return true
            }
        }
        if let late = sent.all.first(where: { $0.deadline <= now }) {
            return end("\(late.name) had no answer within \(late.allowed.readable)", at: now)
        }
        if let waiter = socketWaiter, waiter.deadline <= now {
            socketWaiter = nil
            waiter.finish(.failure(.deadlineExceeded(statement: waiter.name, after: waiter.allowed, mayHaveRun: true)))
            return end("\(waiter.name) had no answer within \(waiter.allowed.readable)")
        }
        if sent.isEmpty && socketWaiter == nil { advanceWaiting() }
        rearm()
    }

    private func rearm() {
        var next = socketWaiter?.deadline ?? .max
        for group in sent.all { next = min(next, group.deadline) }
        for waiter in waiting.all {
            switch waiter {
            case .group(let group): next = min(next, group.deadline)
            case .exclusive(_, _, let deadline, _, _): next = min(next, deadline)
            }
        }
        if next != .max { arm(next) }
    }

    // MARK: Cancellation

    /// The caller's task was cancelled. What was not sent is dropped; what was sent ends with the connection, but never while a commit
    /// is under way.
    func cancel(group id: UInt64) {
        var dropped: CallGroup?
        waiting.removeAll { waiter in
            guard case .group(let group) = waiter, group.id == id else { return false }
            dropped = group
            return true
        }
        if let dropped {
            dropped.continuation?.resume(throwing: CancellationError())
            dropped.continuation = nil
            return
        }
        guard let group = sent.all.first(where: { $0.id == id }), !group.hasCommit else { return }
        group.continuation?.resume(throwing: CancellationError())
        group.continuation = nil
        let cause = "\(group.name) was cancelled"
        if sent.all.contains(where: { $0.hasCommit }) {
            usable.store(false, ordering: .releasing)
            closeAfterCommits = cause
        } else {
            end(cause)
        }
    }

    func cancelWaiting(exclusive id: UInt64) {
        waiting.removeAll { waiter in
            guard case .exclusive(let found, let continuation, _, _, _) = waiter, found == id else { return false }
            continuation.resume(throwing: CancellationError())
            return true
        }
    }
}
