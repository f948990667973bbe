/// What went wrong between us and PostgreSQL. A cancelled task gets `CancellationError` instead.
public enum PQError: Error, Sendable {
    /// The server refused the statement. Nothing of its transaction has happened.
    case server(PQServerError)
    /// No connection could be made; one reason per address tried. `isRefusal`: every one of them answered that this role or database may not, or is not
    /// there; trying again does not help.
    case connectFailed(reasons: [String], isRefusal: Bool = false)
    /// The connection ended before the answer came. With `mayHaveRun` a statement outside an explicit transaction may have
    /// committed; one inside an uncommitted transaction has not.
    case connectionLost(statement: String, cause: String, mayHaveRun: Bool)
    /// The client's own deadline passed and the connection was closed; `mayHaveRun` as for `connectionLost`.
    case deadlineExceeded(statement: String, after: Duration, mayHaveRun: Bool)
    /// A commit was sent and its answer never came, or came with a warning (a cancelled wait for the standby). Never act on it, never
    /// acknowledge it: look, then decide.
    case commitUnknown(statement: String, cause: String)
    /// The server answered ROLLBACK to our COMMIT: the transaction had failed before.
    case rolledBack(statement: String)
    /// No connection of the pool came free in time; `state` says what they were doing.
    case poolExhausted(state: String, after: Duration)
    /// The connection or the pool was closed before the call.
    case closed(what: String)
    /// A value of the answer is not what the caller asked for. Rows and columns count from 0.
    case decoding(statement: String, row: Int, column: Int, reason: String)
    /// The caller broke a rule of this module, or the connection string cannot be read.
    case misuse(String)
}

/// An ErrorResponse (PostgreSQL 15 documentation, 55.8 "Error and Notice Message Fields").
public struct PQServerError: Sendable {
    public var statement: String
    public var sqlstate: String
    public var message: String
    public var detail: String?
    public var hint: String?
    /// Where in the server's functions it happened.
    public var context: String?
    public var schema: String?
    public var table: String?
    public var column: String?
    public var constraint: String?
    /// Character of the SQL text, from 1.
    public var position: Int?
}

extension PQError {
    /// SQLSTATE of a server's refusal, otherwise nil.
    public var sqlstate: String? {
        if case .server(let error) = self { return error.sqlstate }
        return nil
    }

    public var isUniqueViolation: Bool { sqlstate == "23505" }

    /// The transaction did not happen and may succeed when run again from its start: serialization failure, deadlock, or a
    /// prepared plan that a migration has just made stale (it is prepared afresh next time).
    public var isRetryable: Bool {
        if case .server(let error) = self {
            return ["40001", "40P01"].contains(error.sqlstate) || isStalePlan
        }
        return false
    }

    /// The work may or may not be committed; look before doing it again.
    public var hasUnknownOutcome: Bool {
        switch self {
        case .commitUnknown: true
        case .connectionLost(_, _, let mayHaveRun), .deadlineExceeded(_, _, let mayHaveRun): mayHaveRun
        default: false
        }
    }

    var isStalePlan: Bool {
        if case .server(let error) = self {
            return error.sqlstate == "0A000" && error.message.hasPrefix("cached plan")
        }
        return false
    }
}

extension PQError: CustomStringConvertible {
    public var description: String {
        switch self {
        case .server(let error):
            return error.description
        case .connectFailed(let reasons, _):
            return "cannot connect to PostgreSQL: \(reasons.joined(separator: "; "))"
        case .connectionLost(let statement, let cause, let mayHaveRun):
            return "\(statement): connection lost (\(cause))" + (mayHaveRun ? "; it may have run" : "; it did not run")
        case .deadlineExceeded(let statement, let after, let mayHaveRun):
            return "\(statement): no answer within \(after.readable)"
                + (mayHaveRun ? "; connection closed, it may have run" : "; it did not run")
        case .commitUnknown(let statement, let cause):
            return "\(statement): it is unknown whether it committed (\(cause)); look before doing it again"
        case .rolledBack(let statement):
            return "\(statement): the server answered ROLLBACK to COMMIT; nothing of the transaction happened"
        case .poolExhausted(let state, let after):
            return "no connection free within \(after.readable): \(state)"
        case .closed(let what):
            return "\(what) is closed"
        case .decoding(let statement, let row, let column, let reason):
            return "\(statement): row \(row), column \(column): \(reason)"
        case .misuse(let what):
            return what
        }
    }
}

extension PQServerError: CustomStringConvertible {
    /// Without the detail of data errors (classes 22 and 23): it quotes rows, and this text goes into logs.
    public var description: String {
        var text = "\(statement): \(message) (SQLSTATE \(sqlstate)"
        if let constraint { text += ", constraint \(constraint)" }
        if let position { text += ", at character \(position)" }
        text += ")"
        if let detail, !sqlstate.hasPrefix("22"), !sqlstate.hasPrefix("23") { text += "; \(detail)" }
        if let hint { text += "; hint: \(hint)" }
        return text
    }
}
