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

/// Whether the connected role has the rights of one of the contract's roles.
public struct HasRole: Statement {
    public var role: String
    public init(role: String) { self.role = role }
    public var sql: String { "select current_user::text, pg_has_role(current_user, $1::text::name, 'usage')" }
    public func bind(_ parameters: inout PQParams) { parameters.text(role) }
    public static func read(_ rows: PQRows) throws -> (user: String, has: Bool) {
        let row = try rows.only
        return (try row.text(0), try row.bool(1))
    }
}

extension Database {
    /// What a superuser has to do so that the connected role has the rights of `role`; nil: it has them.
    public func missingGrant(of role: String) async throws -> String? {
        let answer = try await run(HasRole(role: role))
        if answer.has { return nil }
        return
            "the role \(answer.user) may not do this: it is no member of \(role); as a superuser run  grant \(role) to \"\(answer.user)\""
    }
}
