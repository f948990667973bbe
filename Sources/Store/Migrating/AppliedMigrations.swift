import Postgres

/// What is applied, and the checksums (SHA-256, hex) of the texts this binary has.
struct AppliedMigrations: Statement {
    var texts: [String]
    /// The table is that of a binary before objects.
    var isOld = false
    struct Row: Sendable {
        var version: Int
        var name: String
        var checksum: String
        var at: String
        var isCompatible: Bool
    }
    var sql: String {
        """
        select null::int4, null::text, encode(sha256(convert_to(t, 'UTF8')), 'hex'), null::text, n, null::bool
        from unnest($1::text[]) with ordinality u(t, n)
        union all
        select version, name, checksum, to_char(applied_at at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS"Z"'), version, \(isOld ? "false" : "is_compatible")
        from martlet_meta.migrations order by 1 nulls first, 5
        """
    }
    func bind(_ parameters: inout PQParams) { parameters.textArray(texts) }
    static func read(_ rows: PQRows) throws -> (checksums: [String], applied: [Row]) {
        var checksums: [String] = []
        var applied: [Row] = []
        for row in rows {
            if let version = try row.int4OrNull(0) {
                applied.append(
                    Row(
                        version: Int(version), name: try row.text(1), checksum: try row.text(2), at: try row.text(3),
                        isCompatible: try row.bool(5)))
            } else {
                checksums.append(try row.text(2))
            }
        }
        return (checksums, applied)
    }
}
