import Postgres

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
