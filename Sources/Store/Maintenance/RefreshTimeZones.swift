import Postgres

/// Brings the known time zones up to the server's; answers how many changed.
public struct RefreshTimeZones: Statement {
    public init() {}
    public var sql: String { "select martlet_data.refresh_time_zones()" }
    public func bind(_ parameters: inout PQParams) {}
    public static func read(_ rows: PQRows) throws -> Int32 { try rows.only.int4(0) }
}
