import Domain
import Postgres

/// Where the offsets of zones from UTC change within a stretch of time, found by looking each half hour (no zone changes at another time); and what
/// time it is. The database is the only authority for local time.
public struct ZoneOffsets: Statement {
    public var zones: [String]
    public var from: Timestamp
    public var length: Duration
    public init(zones: [String], from: Timestamp, length: Duration) {
        self.zones = zones
        self.from = from
        self.length = length
    }
    public struct Offset: Sendable {
        public var zone: String
        public var at: Timestamp
        /// Seconds east of UTC.
        public var seconds: Int64
    }
    public var sql: String {
        """
        select c.zone, c.at, c.seconds::int8 from (
            select z.zone, t.at, extract(epoch from (t.at at time zone z.zone) - (t.at at time zone 'UTC')) as seconds,
                lag(extract(epoch from (t.at at time zone z.zone) - (t.at at time zone 'UTC'))) over (partition by z.zone order by t.at) as before
            from unnest($1::text[]) z(zone),
                generate_series(to_timestamp(floor(extract(epoch from $2::timestamptz) / 1800) * 1800), $2::timestamptz + $3::interval, interval '30 minutes') t(at)) c
        where c.seconds is distinct from c.before order by c.zone, c.at limit 100000
        """
    }
    public func bind(_ parameters: inout PQParams) {
        parameters.textArray(zones)
        parameters.timestamp(from)
        parameters.interval(length)
    }
    public static func read(_ rows: PQRows) throws -> [Offset] {
        try rows.map { Offset(zone: try $0.text(0), at: try $0.timestamp(1), seconds: try $0.int8(2)) }
    }
}
