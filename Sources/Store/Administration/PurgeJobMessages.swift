import Postgres

/// Forgets the messages of jobs that ended longer ago than `keep`, a bounded number at a time; answers how many.
public struct PurgeJobMessages: Statement {
    public var keep: Duration
    public init(keep: Duration) { self.keep = keep }
    public var sql: String {
        """
        with old as (select m.job_id, m.message_id from martlet_data.jobs j join martlet_data.job_messages m on m.job_id = j.id
            where j.ended_at < clock_timestamp() - $1::interval limit 10000),
        gone as (delete from martlet_data.job_messages m using old o where m.job_id = o.job_id and m.message_id = o.message_id returning 1)
        select count(*) from gone
        """
    }
    public func bind(_ parameters: inout PQParams) { parameters.interval(keep) }
    public static func read(_ rows: PQRows) throws -> Int64 { try rows.only.int8(0) }
}
