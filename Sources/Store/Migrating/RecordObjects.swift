import Postgres

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
