import Postgres

/// Forgets groups whose day is long over.
public struct PurgeBudgetUsage: Statement {
    public var keep: Duration
    public init(keep: Duration) { self.keep = keep }
    public var sql: String {
        """
        with gone as (delete from martlet_data.budget_usage where key = any (array(
            select key from martlet_data.budget_usage where ends_at < clock_timestamp() - $1::interval order by key limit 10000 for update skip locked)) returning 1)
        select count(*) from gone
        """
    }
    public func bind(_ parameters: inout PQParams) { parameters.interval(keep) }
    public static func read(_ rows: PQRows) throws -> Int64 { try rows.only.int8(0) }
}
