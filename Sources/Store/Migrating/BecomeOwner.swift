import Postgres

/// Objects belong to the owner of the schemas, not to the role that migrates.
struct BecomeOwner: Statement {
    var sql: String { "select set_config('role', 'martlet_owner', true)" }
    func bind(_ parameters: inout PQParams) {}
}
