import Postgres

/// Whether the queue is served: what is overdue. Admins only.
public struct QueueFacts: Statement {
    public init() {}
    public struct Answer: Sendable {
        /// Leased rows past their deadline by more than 15 s: no worker rescues.
        public var overdueLeased: Int
        /// Due rows more than a minute late: no worker promotes.
        public var overdueDue: Int
        /// Names that PostgreSQL knows and the checked list does not, or the other way round.
        public var missingTimeZones: Int
        /// Full days from today on that have partitions.
        public var daysAhead: Int
        /// Rows in the default partitions, at most 1000 each.
        public var defaultRows: Int
    }
    public var sql: String {
        """
        select (select count(*) from martlet_data.leased where deadline < clock_timestamp() - interval '15 seconds'),
            (select count(*) from martlet_data.due where due_at < clock_timestamp() - interval '1 minute'),
            (select count(*) from pg_catalog.pg_timezone_names n where n.name !~ '^(posix|right)/'
                and n.name not in ('Factory', 'localtime', 'posixrules') and not exists (select from martlet_data.time_zones z where z.name = n.name))
                + (select count(*) from martlet_data.time_zones z where not exists (select from pg_catalog.pg_timezone_names n where n.name = z.name)),
            (select coalesce(min(d) filter (where to_regclass('martlet_data.messages_' ||
                to_char((clock_timestamp() at time zone 'UTC')::date + d, 'YYYYMMDD')) is null), 61)::int8 from generate_series(0, 60) d),
            (select count(*) from (select from martlet_data.messages_default limit 1000) m)
                + (select count(*) from (select from martlet_data.attempts_default limit 1000) a)
                + (select count(*) from (select from martlet_data.receipts_default limit 1000) r)
        """
    }
    public func bind(_ parameters: inout PQParams) {}
    public static func read(_ rows: PQRows) throws -> Answer {
        let row = try rows.only
        return Answer(
            overdueLeased: Int(try row.int8(0)), overdueDue: Int(try row.int8(1)), missingTimeZones: Int(try row.int8(2)),
            daysAhead: Int(try row.int8(3)), defaultRows: Int(try row.int8(4)))
    }
}
