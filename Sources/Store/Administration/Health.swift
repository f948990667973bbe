import Domain
import Postgres

/// The server's version, clock and the settings that Martlet depends on.
public struct ServerFacts: Statement {
    public init() {}
    public struct Answer: Sendable {
        public var versionNumber: Int
        public var now: Timestamp
        public var isStandby: Bool
        /// By name, as `current_setting` shows them.
        public var settings: [String: String]
        /// Prepared transactions of this database, and the age of the oldest.
        public var preparedTransactions: Int
        public var oldestPrepared: Duration?
    }
    static let names = [
        "fsync", "full_page_writes", "synchronous_commit", "autovacuum", "track_counts", "default_transaction_read_only",
    ]
    public var sql: String {
        """
        select current_setting('server_version_num')::int4, clock_timestamp(), pg_is_in_recovery(),
            (select count(*) from pg_prepared_xacts where database = current_database()),
            (select extract(epoch from clock_timestamp() - min(prepared))::float8 from pg_prepared_xacts where database = current_database()),
            \(Self.names.map { "current_setting('\($0)')" }.joined(separator: ", "))
        """
    }
    public func bind(_ parameters: inout PQParams) {}
    public static func read(_ rows: PQRows) throws -> Answer {
        let row = try rows.only
        var settings: [String: String] = [:]
        for (index, name) in names.enumerated() { settings[name] = try row.text(5 + index) }
        return Answer(
            versionNumber: Int(try row.int4(0)), now: try row.timestamp(1), isStandby: try row.bool(2), settings: settings,
            preparedTransactions: Int(try row.int8(3)),
            oldestPrepared: try row.float8OrNull(4).map { Duration(clampingSeconds: $0) })
    }
}

/// Whether the queue is served: what is overdue. Admins only.
public struct QueueFacts: Statement {
    public init() {}
    public struct Answer: Sendable {
        /// Leased rows past their deadline by more than 15 s: nobody rescues.
        public var overdueLeased: Int
        /// Due rows more than a minute late: nobody promotes.
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

/// Texts of people that nobody could read, by provider. Admins only.
public struct UnreadableTexts: Statement {
    public init() {}
    public struct Count: Sendable {
        public var provider: String
        public var texts: Int
        public var newest: Timestamp
    }
    public var sql: String {
        "select provider, sum(texts)::int8, max(newest) from martlet.unreadable_texts group by provider order by provider limit 100"
    }
    public func bind(_ parameters: inout PQParams) {}
    public static func read(_ rows: PQRows) throws -> [Count] {
        try rows.map { Count(provider: try $0.text(0), texts: Int(try $0.int8(1)), newest: try $0.timestamp(2)) }
    }
}

/// How large the rings have grown. Admins only.
public struct RingFacts: Statement {
    public init() {}
    public struct Ring: Sendable {
        public var kind: String
        public var segments: Int
        public var inUse: Int
        public var bytes: Int64
    }
    public var sql: String {
        """
        select s.kind, count(*), count(*) filter (where not s.is_free),
            coalesce(sum(pg_total_relation_size(to_regclass('martlet_data.' || s.kind || '_' || s.slot))), 0)::int8
        from martlet_data.segments s group by s.kind order by s.kind limit 10
        """
    }
    public func bind(_ parameters: inout PQParams) {}
    public static func read(_ rows: PQRows) throws -> [Ring] {
        try rows.map {
            Ring(kind: try $0.text(0), segments: Int(try $0.int8(1)), inUse: Int(try $0.int8(2)), bytes: try $0.int8(3))
        }
    }
}

/// Sessions that hold back cleaning up: transactions older than a minute. Without pg_read_all_stats only one's own are seen.
public struct OldTransactions: Statement {
    public init() {}
    public struct Session: Sendable {
        public var pid: Int
        public var user: String
        public var application: String
        public var state: String
        public var age: Duration
    }
    public var sql: String {
        """
        select pid, coalesce(usename::text, ''), coalesce(application_name, ''), coalesce(state, ''),
            extract(epoch from clock_timestamp() - xact_start)::float8
        from pg_stat_activity where datname = current_database() and pid <> pg_backend_pid() and xact_start < clock_timestamp() - interval '1 minute'
        order by xact_start limit 20
        """
    }
    public func bind(_ parameters: inout PQParams) {}
    public static func read(_ rows: PQRows) throws -> [Session] {
        try rows.map {
            Session(
                pid: Int(try $0.int4(0)), user: try $0.text(1), application: try $0.text(2), state: try $0.text(3),
                age: Duration(clampingSeconds: try $0.float8(4)))
        }
    }
}
