import Postgres

/// Forgets cancellations of groups older than `keep`, once no day is left that a message of before may lie in; answers how many.
public struct PurgeGroupCancellations: Statement {
    public var keep: Duration
    public init(keep: Duration) { self.keep = keep }
    public var sql: String {
        """
        with gone as (delete from martlet_data.group_cancellations g where ctid = any (array(
            select c.ctid from martlet_data.group_cancellations c where c.cancelled_at < clock_timestamp() - $1::interval
                and c.cancelled_at < (select coalesce(min(to_date(substr(t.relname, 10), 'YYYYMMDD'))::timestamp at time zone 'UTC', 'infinity')
                    from pg_class t join pg_namespace n on n.oid = t.relnamespace
                    where n.nspname = 'martlet_data' and t.relname ~ '^messages_[0-9]{8}$' and t.relkind = 'r')
                and not exists (select from martlet_data.messages_default m where m.group_key = c.group_key) limit 10000)) returning 1)
        select count(*) from gone
        """
    }
    public func bind(_ parameters: inout PQParams) { parameters.interval(keep) }
    public static func read(_ rows: PQRows) throws -> Int64 { try rows.only.int8(0) }
}
