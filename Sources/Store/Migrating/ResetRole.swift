import Postgres

/// Back to the migrating role: the migration's own `set local role` lasts until the transaction ends.
struct ResetRole: Statement {
    var sql: String { "select set_config('role', 'none', true)" }
    func bind(_ parameters: inout PQParams) {}
}
