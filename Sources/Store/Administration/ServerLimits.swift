import Domain
import Postgres

/// How much is used of what the server has a limit for: connections of the server, of this database and of roles; places of the lock table.
public struct ServerLimits: Statement {
    public init() {}
    public struct Limit: Sendable, Equatable {
        /// `connections` or `locks`.
        public var kind: String
        /// `the server`, `database shop`, `role worker`.
        public var of: String
        public var used: Int
        public var most: Int
    }
    /// Sessions are counted by what every role may see: the type of another role's session is hidden from most.
    public var sql: String {
        """
        select 'connections', 'the server', (select coalesce(sum(numbackends), 0) from pg_stat_database)::int8,
            (current_setting('max_connections')::int4 - current_setting('superuser_reserved_connections')::int4)::int8
        union all select 'connections', 'database ' || d.datname, s.numbackends::int8, d.datconnlimit::int8
            from pg_database d join pg_stat_database s on s.datid = d.oid where d.datname = current_database() and d.datconnlimit >= 0
        union all select 'connections', 'role ' || r.rolname, (select count(*) from pg_stat_activity a where a.usesysid = r.oid), r.rolconnlimit::int8
            from pg_roles r where r.rolcanlogin and r.rolconnlimit >= 0
        union all select 'locks', 'the lock table', (select count(*) from pg_locks l where not l.fastpath),
            current_setting('max_locks_per_transaction')::int8 * (current_setting('max_connections')::int8 + current_setting('max_prepared_transactions')::int8)
        limit 1000
        """
    }
    public func bind(_ parameters: inout PQParams) {}
    public static func read(_ rows: PQRows) throws -> [Limit] {
        try rows.map {
            Limit(kind: try $0.text(0), of: try $0.text(1), used: Int(try $0.int8(2)), most: Int(try $0.int8(3)))
        }
    }
}
