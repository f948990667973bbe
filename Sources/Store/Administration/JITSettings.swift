import Domain
import Postgres

/// Whether sessions of this database compile their statements. This program's own sessions switch that off, so their own setting says nothing.
public struct JITSettings: Statement {
    public init() {}
    public struct Answer: Sendable, Equatable {
        /// What a session of this database begins with; nil: the server's setting, which this session cannot see.
        public var database: String?
        /// Roles for which it is switched on.
        public var roles: [String]
    }
    public var sql: String {
        """
        with settings as (
            select s.setdatabase, s.setrole, split_part(c.c, '=', 2) as value from pg_db_role_setting s, unnest(s.setconfig) c(c)
            where c.c like 'jit=%' and s.setdatabase in (0, (select d.oid from pg_database d where d.datname = current_database())))
        select coalesce((select s.value from settings s where s.setrole = 0 order by s.setdatabase = 0 limit 1),
                (select s.reset_val from pg_settings s where s.name = 'jit' and s.source not in ('client', 'session'))),
            array(select r.rolname::text from settings s join pg_roles r on r.oid = s.setrole where s.value not in ('off', 'false', 'no', '0') order by 1)
        """
    }
    public func bind(_ parameters: inout PQParams) {}
    public static func read(_ rows: PQRows) throws -> Answer {
        let row = try rows.only
        return Answer(database: try row.textOrNull(0), roles: try row.textArray(1))
    }
}
