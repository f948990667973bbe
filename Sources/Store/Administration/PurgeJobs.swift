import Postgres

/// Forgets jobs that ended longer ago than `keep` and have no messages left, a bounded number at a time; answers how many.
public struct PurgeJobs: Statement {
    public var keep: Duration
    public init(keep: Duration) { self.keep = keep }
    public var sql: String {
        """
        with gone as (delete from martlet_data.jobs where id = any (array(select j.id from martlet_data.jobs j
            where j.ended_at < clock_timestamp() - $1::interval and not exists (select from martlet_data.job_messages m where m.job_id = j.id)
            limit 10000)) returning 1)
        select count(*) from gone
        """
    }
    public func bind(_ parameters: inout PQParams) { parameters.interval(keep) }
    public static func read(_ rows: PQRows) throws -> Int64 { try rows.only.int8(0) }
}
