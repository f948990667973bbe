import Postgres

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
