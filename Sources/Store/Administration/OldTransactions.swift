import Domain
import Postgres

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
