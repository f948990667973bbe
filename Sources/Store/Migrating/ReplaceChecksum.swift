import Postgres

/// Takes another text of a migration for the one that was applied.
struct ReplaceChecksum: Statement {
    var version: Int
    /// SHA-256, hex.
    var checksum: String
    var sql: String { "update martlet_meta.migrations set checksum = $2 where version = $1" }
    func bind(_ parameters: inout PQParams) {
        parameters.int4(Int32(version))
        parameters.text(checksum)
    }
}
