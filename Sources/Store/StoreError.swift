import Postgres

/// What a caller of the store can act on. The text names the statement and the cause; it never holds a message's body.
public enum StoreError: Error, Sendable, CustomStringConvertible {
    /// It is not known whether the transaction committed: never send on it, never acknowledge it; look, then decide.
    case commitUnknown(PQError)
    /// Connection lost, deadline passed, pool exhausted: nothing was committed, or the answer says `mayHaveRun`.
    case unavailable(PQError)
    /// The server refused the statement; SQLSTATE `MT…` are the contract's own (see `Migrations/README.md`).
    case refused(PQServerError)
    /// The answer is not what this binary expects, or a rule was broken.
    case internalError(String)

    init(_ error: PQError) {
        switch error {
        case .commitUnknown: self = .commitUnknown(error)
        case .server(let server): self = .refused(server)
        case .connectFailed, .connectionLost, .deadlineExceeded, .poolExhausted, .closed: self = .unavailable(error)
        case .rolledBack, .decoding, .misuse: self = .internalError(error.description)
        }
    }

    public var sqlstate: String? {
        if case .refused(let error) = self { return error.sqlstate }
        return nil
    }

    /// The server answers, and does not let this role into this database: trying again does not help.
    public var isRefusedConnection: Bool {
        if case .unavailable(.connectFailed(_, isRefusal: true)) = self { return true }
        return false
    }

    /// Serialization failure, deadlock, or a ring that moved on: the same transaction may succeed when run again.
    public var isRetryable: Bool {
        if case .refused(let error) = self { return PQError.server(error).isRetryable || hasRingMoved }
        return false
    }

    /// `no partition of relation … found for row`: while a statement ran, its ring got a part that its snapshot does not have. The
    /// only check violation without a constraint's name.
    private var hasRingMoved: Bool {
        guard case .refused(let error) = self else { return false }
        return error.sqlstate == "23514" && error.constraint == nil
    }

    /// A value, a constraint, a limit of the server, or a rule of the contract (classes 21, 22, 23 and 54, `MT0…`, and what a trigger raises):
    /// the same rows will be refused again. Everything else that a server says may pass: it was stopped, its disk is full, an administrator
    /// ended the connection.
    public var isDataError: Bool {
        guard !hasRingMoved, let sqlstate else { return false }
        return ["21", "22", "23", "54", "MT0", "P0001"].contains { sqlstate.hasPrefix($0) }
    }

    /// Somebody else held a lock for longer than `lock_timeout`.
    public var isLockTimeout: Bool { sqlstate == "55P03" }

    /// The statement may not be run here, or not for as long: it was cancelled (`statement_timeout`), is not allowed, or not there.
    public var isForbidden: Bool { ["57014", "42501", "42883"].contains(sqlstate) }

    /// Another transaction inserted the same key first.
    public var isUniqueViolation: Bool { sqlstate == "23505" }

    /// `FinishAccepted` did not find exactly what it was to end.
    public var isLeaseLost: Bool { sqlstate == "MT901" }

    public var description: String {
        switch self {
        case .commitUnknown(let error), .unavailable(let error): error.description
        case .refused(let error): error.description
        case .internalError(let text): text
        }
    }
}
