import Postgres

/// Undoes what followed the savepoint.
public struct BulkRollback: Statement {
    public init() {}
    public var sql: String { "rollback to savepoint bulk_rows" }
    public func bind(_ parameters: inout PQParams) {}
}
