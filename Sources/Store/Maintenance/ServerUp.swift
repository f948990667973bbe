import Postgres

/// How long the server has been up, or since it was promoted as far as can be seen.
public struct ServerUp: Statement {
    public init() {}
    public var sql: String { "select clock_timestamp() - pg_postmaster_start_time()" }
    public func bind(_ parameters: inout PQParams) {}
    public static func read(_ rows: PQRows) throws -> Duration { try rows.only.interval(0) }
}
