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

/// One migrator at a time, and none that waits long for a lock somebody holds.
struct MigrationLock: Statement {
    var sql: String { "select set_config('lock_timeout', '5s', true), pg_advisory_xact_lock(7340000, 0)" }
    func bind(_ parameters: inout PQParams) {}
}

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

/// For each of these texts of objects: whether it is the one in force, and whether it has ever been.
struct AppliedObjects: Statement {
    var objects: [SQLObject]
    var sql: String {
        """
        select coalesce(n.checksum = s.checksum, false), exists (select from martlet_meta.objects o where o.name = w.name and o.checksum = s.checksum)
        from unnest($1::text[], $2::text[]) with ordinality w(name, text, n)
        cross join lateral (select encode(sha256(convert_to(w.text, 'UTF8')), 'hex') as checksum) s
        left join lateral (select o.checksum from martlet_meta.objects o where o.name = w.name order by o.id desc limit 1) n on true
        order by w.n
        """
    }
    func bind(_ parameters: inout PQParams) {
        parameters.textArray(objects.map(\.name))
        parameters.textArray(objects.map(\.sql.withoutComments))
    }
    static func read(_ rows: PQRows) throws -> [(isInForce: Bool, isKnown: Bool)] {
        try rows.map { (try $0.bool(0), try $0.bool(1)) }
    }
}

/// Remembers objects, in the order in which they were made, with the checksums of their texts.
struct RecordObjects: Statement {
    var objects: [SQLObject]
    var sql: String {
        """
        insert into martlet_meta.objects (name, checksum)
        select w.name, encode(sha256(convert_to(w.text, 'UTF8')), 'hex') from unnest($1::text[], $2::text[]) with ordinality w(name, text, n) order by w.n
        """
    }
    func bind(_ parameters: inout PQParams) {
        parameters.textArray(objects.map(\.name))
        parameters.textArray(objects.map(\.sql.withoutComments))
    }
}

/// Objects belong to the owner of the schemas, whoever migrates.
struct BecomeOwner: Statement {
    var sql: String { "select set_config('role', 'martlet_owner', true)" }
    func bind(_ parameters: inout PQParams) {}
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

/// What the server has under each of these names: definitions, rights and comments, as one checksum. nil: nothing.
struct ObjectDefinitions: Statement {
    /// `schema.name`
    var names: [String]
    var sql: String {
        """
        select encode(sha256(convert_to(string_agg(d.text, '' order by d.text), 'UTF8')), 'hex')
        from unnest($1::text[]) with ordinality w(name, n) left join lateral (
            select concat(pg_get_functiondef(p.oid), obj_description(p.oid, 'pg_proc'),
                (select string_agg(a::text, ',' order by a::text) from unnest(p.proacl) a)) as text
            from pg_proc p where p.pronamespace = to_regnamespace(split_part(w.name, '.', 1)) and p.proname = split_part(w.name, '.', 2)
            union all
            select concat(pg_get_viewdef(c.oid), c.reloptions::text, obj_description(c.oid, 'pg_class'),
                (select string_agg(a::text, ',' order by a::text) from unnest(c.relacl) a))
            from pg_class c where c.relnamespace = to_regnamespace(split_part(w.name, '.', 1)) and c.relname = split_part(w.name, '.', 2) and c.relkind = 'v') d on true
        group by w.n order by w.n
        """
    }
    func bind(_ parameters: inout PQParams) { parameters.textArray(names) }
    static func read(_ rows: PQRows) throws -> [String?] { try rows.map { try $0.textOrNull(0) } }
}
