/// One statement to run: its name, its text, its parameters.
public struct PQCall: Sendable {
    enum Kind: Sendable { case ordinary, begin, commit, rollback }

    /// Names the statement in errors and, as the SQL's first comment, in `pg_stat_activity`.
    public let name: String
    public let sql: String
    public var params: PQParams
    /// Prepare once per connection and reuse the plan. Turn it off for text made at run time, and for a statement that needs what an
    /// earlier call of the same pipeline creates (preparing comes before the pipeline).
    public let isPrepared: Bool
    let kind: Kind

    public init(
        _ name: String, _ sql: String, prepared: Bool = true, _ bind: (inout PQParams) throws -> Void
    ) rethrows {
        var params = PQParams()
        try bind(&params)
        self.init(name, sql, params, prepared: prepared, kind: .ordinary)
    }

    public init(_ name: String, _ sql: String, prepared: Bool = true, params: PQParams = PQParams()) {
        self.init(name, sql, params, prepared: prepared, kind: .ordinary)
    }

    private init(_ name: String, _ sql: String, _ params: PQParams, prepared: Bool = true, kind: Kind) {
        self.name = name
        self.sql = sql
        self.params = params
        self.isPrepared = prepared
        self.kind = kind
    }

    /// Opens a transaction at READ COMMITTED; pipeline it with the first statements.
    public static let begin = PQCall("begin", "begin isolation level read committed", PQParams(), kind: .begin)

    /// Opens a transaction.
    public static func begin(_ isolation: PQIsolation, readOnly: Bool = false) -> PQCall {
        let mode = readOnly ? " read only" : ""
        return PQCall("begin", "begin isolation level \(isolation.rawValue)\(mode)", PQParams(), kind: .begin)
    }

    /// Ends a transaction; pipeline it with the last statements. See `PQError.commitUnknown` and `PQError.rolledBack`.
    public static let commit = PQCall("commit", "commit", PQParams(), kind: .commit)

    public static let rollback = PQCall("rollback", "rollback", PQParams(), kind: .rollback)

    /// Put before the text when it is sent, unless the text brings its own comment.
    var leadingComment: String { sql.hasPrefix("--") || sql.hasPrefix("/*") ? "" : "/* \(name) */ " }
}

public enum PQIsolation: String, Sendable {
    case readCommitted = "read committed"
    case repeatableRead = "repeatable read"
    case serializable
}
