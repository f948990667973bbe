import Domain
import Postgres

/// The database's time, and the instant of a wall-clock time in a zone. SQLSTATE 22023: the zone does not exist.
public struct StartTime: Statement {
    /// `2027-03-01 09:00`; nil: now.
    public var local: String?
    public var zone: String
    public init(local: String?, zone: String) {
        self.local = local
        self.zone = zone
    }
    public var sql: String { "select clock_timestamp(), ($1::text)::timestamp at time zone $2::text" }
    public func bind(_ parameters: inout PQParams) {
        parameters.text(local)
        parameters.text(zone)
    }
    public static func read(_ rows: PQRows) throws -> (now: Timestamp, start: Timestamp) {
        let now = try rows.only.timestamp(0)
        return (now, try rows.only.timestampOrNull(1) ?? now)
    }
}
