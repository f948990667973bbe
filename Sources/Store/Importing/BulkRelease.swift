import Postgres

/// Keeps what followed the savepoint.
public struct BulkRelease: Statement {
    public init() {}
    public var sql: String { "release savepoint bulk_rows" }
    public func bind(_ parameters: inout PQParams) {}
}
