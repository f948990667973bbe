import Postgres

/// Puts people into a list that is being built.
public struct AddAudienceRows: Statement {
    public var list: Int32
    public var lines: [Int64]
    /// One for each line.
    public var rows: [BulkRow]
    public init(list: Int32, lines: [Int64], rows: [BulkRow]) {
        self.list = list
        self.lines = lines
        self.rows = rows
    }
    public var sql: String {
        """
        insert into martlet.audience_rows (audience_id, line, person, sms, email, addresses, locale, time_zone, tier, variables)
        select $1::int4, u.line, u.person, u.sms, u.email, u.addresses::jsonb, u.locale, u.time_zone, u.tier, u.variables::json
        from unnest($2::int8[], $3::text[], $4::text[], $5::text[], $6::text[], $7::text[], $8::text[], $9::text[], $10::text[])
            u(line, person, sms, email, addresses, locale, time_zone, tier, variables)
        """
    }
    public func bind(_ parameters: inout PQParams) {
        parameters.int4(list)
        parameters.int8Array(lines)
        for column in BulkKind.people.columns {
            let values = rows.map { $0[column] }
            // Most columns are absent from most files.
            if values.contains(where: { $0 != nil }) { parameters.textArray(values) } else { parameters.null(.textArray) }
        }
    }
}
