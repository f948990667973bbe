import Postgres

/// Removes events that came longer ago than `keep`, a bounded number at a time; answers how many.
public struct PurgeParkedEvents: Statement {
    public var keep: Duration
    public init(keep: Duration) { self.keep = keep }
    public var sql: String {
        """
        with gone as (delete from martlet_data.provider_events where id = any (array(
            select id from martlet_data.provider_events where at < now() - $1::interval order by at limit 10000)) returning 1)
        select count(*) from gone
        """
    }
    public func bind(_ parameters: inout PQParams) { parameters.interval(keep) }
    public static func read(_ rows: PQRows) throws -> Int64 { try rows.only.int8(0) }
}
