import Postgres

/// Whether any migration has ever been applied here.
struct HasMigrations: Statement {
    var sql: String { "select to_regclass('martlet_meta.migrations') is not null" }
    func bind(_ parameters: inout PQParams) {}
    static func read(_ rows: PQRows) throws -> Bool { try rows.only.bool(0) }
}

/// One migrator at a time, and none that waits long for a lock somebody holds.
struct MigrationLock: Statement {
    var sql: String { "select set_config('lock_timeout', '5s', true), pg_advisory_xact_lock(7340000, 0)" }
    func bind(_ parameters: inout PQParams) {}
}

/// What is applied, and the checksums (SHA-256, hex) of the texts this binary has.
struct AppliedMigrations: Statement {
    var texts: [String]
    struct Row: Sendable {
        var version: Int
        var name: String
        var checksum: String
        var at: String
    }
    var sql: String {
        """
        select null::int4, null::text, encode(sha256(convert_to(t, 'UTF8')), 'hex'), null::text, n from unnest($1::text[]) with ordinality u(t, n)
        union all
        select version, name, checksum, to_char(applied_at at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS"Z"'), version
        from martlet_meta.migrations order by 1 nulls first, 5
        """
    }
    func bind(_ parameters: inout PQParams) { parameters.textArray(texts) }
    static func read(_ rows: PQRows) throws -> (checksums: [String], applied: [Row]) {
        var checksums: [String] = []
        var applied: [Row] = []
        for row in rows {
            if let version = try row.int4OrNull(0) {
                applied.append(Row(version: Int(version), name: try row.text(1), checksum: try row.text(2), at: try row.text(3)))
            } else {
                checksums.append(try row.text(2))
            }
        }
        return (checksums, applied)
    }
}

/// Back to the migrating role: the migration's own `set local role` lasts until the transaction ends.
struct ResetRole: Statement {
    var sql: String { "select set_config('role', 'none', true)" }
    func bind(_ parameters: inout PQParams) {}
}

/// Remembers a migration with the checksum of its text.
struct RecordMigration: Statement {
    var migration: Migration
    var sql: String {
        "insert into martlet_meta.migrations (version, name, checksum) values ($1, $2, encode(sha256(convert_to($3, 'UTF8')), 'hex'))"
    }
    func bind(_ parameters: inout PQParams) {
        parameters.int4(Int32(migration.version))
        parameters.text(migration.name)
        parameters.text(migration.sql)
    }
}
