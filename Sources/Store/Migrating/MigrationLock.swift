import Postgres

/// One migrator at a time, and none that waits long for a lock somebody holds.
struct MigrationLock: Statement {
    var sql: String { "select set_config('lock_timeout', '5s', true), pg_advisory_xact_lock(7340000, 0)" }
    func bind(_ parameters: inout PQParams) {}
}
