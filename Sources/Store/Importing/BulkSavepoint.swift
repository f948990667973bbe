import Postgres

/// What follows can be undone alone.
public struct BulkSavepoint: Statement {
    public init() {}
    public var sql: String { "savepoint bulk_rows" }
    public func bind(_ parameters: inout PQParams) {}
}
