import Postgres

/// Whether any migration has ever been applied here, and whether the tables about them are those of a binary with objects.
struct HasMigrations: Statement {
    var sql: String {
        "select to_regclass('martlet_meta.migrations') is not null, to_regclass('martlet_meta.objects') is not null"
    }
    func bind(_ parameters: inout PQParams) {}
    static func read(_ rows: PQRows) throws -> (migrations: Bool, objects: Bool) {
        let row = try rows.only
        return (try row.bool(0), try row.bool(1))
    }
}
