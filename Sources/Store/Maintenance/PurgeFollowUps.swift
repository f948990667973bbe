import Postgres

/// Forgets decided follow-ups of messages older than `keep`, a bounded number at a time; answers how many.
public struct PurgeFollowUps: Statement {
    public var keep: Duration
    public init(keep: Duration) { self.keep = keep }
    public var sql: String {
        """
        with gone as (delete from martlet_data.follow_ups where message_id = any (array(
            select message_id from martlet_data.follow_ups where message_id < martlet_data.first_id(clock_timestamp() - $1::interval) and state <> 'open'
            order by message_id limit 10000)) returning 1)
        select count(*) from gone
        """
    }
    public func bind(_ parameters: inout PQParams) { parameters.interval(keep) }
    public static func read(_ rows: PQRows) throws -> Int64 { try rows.only.int8(0) }
}
