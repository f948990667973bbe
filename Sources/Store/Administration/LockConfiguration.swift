import Postgres

/// One `config apply` or `templates push` at a time.
public struct LockConfiguration: Statement {
    public init() {}
    public var sql: String { "select set_config('lock_timeout', '10s', true), pg_advisory_xact_lock(7340000, 1)" }
    public func bind(_ parameters: inout PQParams) {}
}
