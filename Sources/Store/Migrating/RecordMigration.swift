import Postgres

/// Remembers a migration with the checksum of its text.
struct RecordMigration: Statement {
    var migration: Migration
    var sql: String {
        """
        insert into martlet_meta.migrations (version, name, checksum, is_compatible)
        values ($1, $2, encode(sha256(convert_to($3, 'UTF8')), 'hex'), $4)
        """
    }
    func bind(_ parameters: inout PQParams) {
        parameters.int4(Int32(migration.version))
        parameters.text(migration.name)
        parameters.text(migration.sql.withoutComments)
        parameters.bool(migration.isCompatible)
    }
}
