import Domain
import Postgres

/// The database's clock, and what the connected role may do; also before the first migration has made the roles.
public struct CurrentRights: Statement {
    public init() {}
    public struct Answer: Sendable {
        public var now: Timestamp
        public var user: String
        /// Sees addresses, requeues, applies.
        public var isAdmin: Bool
        public var isReader: Bool
        public var isSuperuser: Bool
        /// Sees what other roles' sessions do.
        public var seesActivity: Bool
    }
    public var sql: String {
        """
        select clock_timestamp(), session_user::text,
            coalesce((select pg_has_role(current_user, r.oid, 'usage') from pg_roles r where r.rolname = 'martlet_admin'), false),
            coalesce((select pg_has_role(current_user, r.oid, 'usage') from pg_roles r where r.rolname = 'martlet_reader'), false),
            (select rolsuper from pg_roles where rolname = current_user), pg_has_role(current_user, 'pg_read_all_stats', 'usage')
        """
    }
    public func bind(_ parameters: inout PQParams) {}
    public static func read(_ rows: PQRows) throws -> Answer {
        let row = try rows.only
        return Answer(
            now: try row.timestamp(0), user: try row.text(1), isAdmin: try row.bool(2), isReader: try row.bool(3),
            isSuperuser: try row.bool(4), seesActivity: try row.bool(5))
    }
}
