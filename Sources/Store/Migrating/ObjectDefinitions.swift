import Postgres

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
