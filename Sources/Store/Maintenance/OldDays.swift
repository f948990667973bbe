import Postgres

/// Days older than `keep` that still have partitions, `YYYYMMDD`, oldest first.
public struct OldDays: Statement {
    public var keep: Duration
    public init(keep: Duration) { self.keep = keep }
    public var sql: String {
        """
        select substr(c.relname, 10)::text from pg_class c join pg_namespace n on n.oid = c.relnamespace
        where n.nspname = 'martlet_data' and c.relname ~ '^messages_[0-9]{8}$' and c.relkind = 'r'
            and to_date(substr(c.relname, 10), 'YYYYMMDD') < (clock_timestamp() - $1::interval)::date
        order by 1
        """
    }
    public func bind(_ parameters: inout PQParams) { parameters.interval(keep) }
    public static func read(_ rows: PQRows) throws -> [String] { try rows.map { try $0.text(0) } }
}
