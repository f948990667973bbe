import Postgres

/// Removes surveys that ended longer ago than `keep`, a bounded number at a time; answers how many.
public struct PurgeSurveys: Statement {
    public var keep: Duration
    public init(keep: Duration) { self.keep = keep }
    public var sql: String {
        """
        with gone as (delete from martlet_data.surveys where message_id = any (array(
            select message_id from martlet_data.surveys where until < now() - $1::interval order by until limit 10000)) returning 1)
        select count(*) from gone
        """
    }
    public func bind(_ parameters: inout PQParams) { parameters.interval(keep) }
    public static func read(_ rows: PQRows) throws -> Int64 { try rows.only.int8(0) }
}
