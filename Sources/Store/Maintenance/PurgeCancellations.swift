import Postgres

/// Forgets cancellations older than `keep` whose message is gone, a bounded number at a time; answers how many.
public struct PurgeCancellations: Statement {
    public var keep: Duration
    public init(keep: Duration) { self.keep = keep }
    public var sql: String {
        """
        with gone as (delete from martlet_data.cancellations where message_id = any (array(
            select c.message_id from martlet_data.cancellations c where c.cancelled_at < clock_timestamp() - $1::interval
                and not exists (select from martlet_data.messages m where m.id = c.message_id) limit 10000)) returning 1)
        select count(*) from gone
        """
    }
    public func bind(_ parameters: inout PQParams) { parameters.interval(keep) }
    public static func read(_ rows: PQRows) throws -> Int64 { try rows.only.int8(0) }
}
