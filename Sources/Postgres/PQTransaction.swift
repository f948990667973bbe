/// What a transaction remembers between its groups.
struct TransactionState {
    let id: UInt64
    let begin: PQCall
    var hasBegun = false
    var hasEnded = false
}

/// An open transaction, valid inside the closure it was given to. BEGIN travels with the first calls.
public struct PQTransaction: Sendable {
    let id: UInt64
    let connection: PQConnection

    public func query(_ call: PQCall, within: Duration? = nil) async throws -> PQRows {
        try await connection.run([call], in: id, within: within)[0]
    }

    public func pipeline(_ calls: [PQCall], within: Duration? = nil) async throws -> [PQRows] {
        try await connection.run(calls, in: id, within: within)
    }

    /// Commits together with the last calls, in one round trip.
    public func commit(after calls: [PQCall] = [], within: Duration? = nil) async throws -> [PQRows] {
        try await connection.run(calls, in: id, committing: true, within: within)
    }
}

extension PQConnection {
    /// Runs `body` in a transaction of its own, alone on the connection; commits when it returns (unless it has committed itself), rolls
    /// back when it throws. Never retried here.
    public nonisolated(nonsending) func transaction<Value>(
        _ isolation: PQIsolation = .readCommitted, readOnly: Bool = false, within: Duration? = nil,
        _ body: nonisolated(nonsending) (PQTransaction) async throws -> Value
    ) async throws -> Value {
        let transaction = try await startTransaction(.begin(isolation, readOnly: readOnly), within: within)
        do {
            let value = try await body(transaction)
            try await commit(transaction.id, within: within)
            await finishTransaction(transaction.id)
            return value
        } catch {
            await finishTransaction(transaction.id)
            throw error
        }
    }

    private func startTransaction(_ begin: PQCall, within: Duration?) async throws -> PQTransaction {
        try await enterExclusive("begin", within: within)
        let id = nextID
        nextID += 1
        transaction = TransactionState(id: id, begin: begin)
        return PQTransaction(id: id, connection: self)
    }

    func run(_ calls: [PQCall], in id: UInt64, committing: Bool = false, within: Duration?) async throws -> [PQRows] {
        guard let state = transaction, state.id == id, !state.hasEnded else {
            throw PQError.misuse("\(calls.first?.name ?? "commit"): this transaction has ended")
        }
        try Task.checkCancellation()
        var group = calls
        if !state.hasBegun { group.insert(state.begin, at: 0) }
        if committing { group.append(.commit) }
        transaction?.hasBegun = true
        transaction?.hasEnded = committing
        let rows = try await run(group, within: within, inside: id)
        return Array(rows.dropFirst(state.hasBegun ? 0 : 1).dropLast(committing ? 1 : 0))
    }

    private func commit(_ id: UInt64, within: Duration?) async throws {
        guard let state = transaction, state.id == id, !state.hasEnded, state.hasBegun else { return }
        _ = try await run([], in: id, committing: true, within: within)
    }

    /// Rolls back what is still open, even for a cancelled task, and lets the next user in.
    private func finishTransaction(_ id: UInt64) async {
        guard transaction?.id == id else { return }
        await rollBackIfOpen()
        transaction = nil
        leaveExclusive()
    }

    /// Leaves the connection outside any transaction, or closed.
    func rollBackIfOpen() async {
        guard isUsable, isInTransaction || !sent.isEmpty else { return }
        do {
            _ = try await run([.rollback], within: .seconds(5), shielded: true, inside: 0)
        } catch {
            // Whatever it was, a connection in an unknown state is of no use to anybody.
            end("rollback failed: \(error)")
        }
    }
}
