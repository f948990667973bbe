import Postgres

/// One person of a list, as a file has them.
public struct AudienceRow: Sendable, Equatable {
    public var line: Int64
    public var person: String?
    public var sms: String?
    public var email: String?
    public var locale: String?
    public var timeZone: String?
    public var tier: String?
    /// A JSON object.
    public var variables: String?
    public init(line: Int64) { self.line = line }
}

/// Puts people into a list that is being built.
public struct AddAudienceRows: Statement {
    public var audience: Int32
    public var rows: [AudienceRow]
    public init(audience: Int32, rows: [AudienceRow]) {
        self.audience = audience
        self.rows = rows
    }
    public var sql: String {
        """
        insert into martlet.audience_rows (audience_id, line, person, sms, email, locale, time_zone, tier, variables)
        select $1::int4, u.line, u.person, u.sms, u.email, u.locale, u.time_zone, u.tier, u.variables::json
        from unnest($2::int8[], $3::text[], $4::text[], $5::text[], $6::text[], $7::text[], $8::text[], $9::text[])
            u(line, person, sms, email, locale, time_zone, tier, variables)
        """
    }
    public func bind(_ parameters: inout PQParams) {
        parameters.int4(audience)
        parameters.int8Array(rows.map(\.line))
        parameters.textArray(rows.map(\.person))
        parameters.textArray(rows.map(\.sms))
        parameters.textArray(rows.map(\.email))
        parameters.textArray(rows.map(\.locale))
        parameters.textArray(rows.map(\.timeZone))
        parameters.textArray(rows.map(\.tier))
        parameters.textArray(rows.map(\.variables))
    }
}
