import Domain
import Postgres

/// A list of people from a query that runs with the caller's rights. SQLSTATEs MT020, MT021.
public struct CreateAudience: Statement {
    public var name: String
    public var query: String
    public init(name: String, query: String) {
        self.name = name
        self.query = query
    }
    public var sql: String { "select members, rejected from martlet.create_audience($1::text, $2::text)" }
    public func bind(_ parameters: inout PQParams) {
        parameters.text(name)
        parameters.text(query)
    }
    public static func read(_ rows: PQRows) throws -> (members: Int64, rejected: Int64) {
        (try rows.only.int8(0), try rows.only.int8(1))
    }
}

/// Begins a list; answers its number.
public struct BeginAudience: Statement {
    public var name: String
    public init(name: String) { self.name = name }
    public var sql: String { "select martlet.begin_audience($1::text)" }
    public func bind(_ parameters: inout PQParams) { parameters.text(name) }
    public static func read(_ rows: PQRows) throws -> Int32 { try rows.only.int4(0) }
}

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

/// Checks a list and puts it in its place.
public struct FinishAudience: Statement {
    public var audience: Int32
    public init(audience: Int32) { self.audience = audience }
    public var sql: String { "select members, rejected from martlet.finish_audience($1::int4)" }
    public func bind(_ parameters: inout PQParams) { parameters.int4(audience) }
    public static func read(_ rows: PQRows) throws -> (members: Int64, rejected: Int64) {
        (try rows.only.int8(0), try rows.only.int8(1))
    }
}

/// The lists that there are.
public struct ListAudiences: Statement {
    /// nil: all.
    public var name: String?
    public init(name: String? = nil) { self.name = name }
    public struct Audience: Sendable {
        public var name: String
        public var id: Int32
        public var owner: String
        public var members: Int64
        public var rejected: Int64
        public var createdAt: Timestamp
        public var changedAt: Timestamp
        public var query: String?
    }
    public var sql: String {
        """
        select name, audience_id, owner, members, rejected, created_at, changed_at, query from martlet.audiences
        where $1::text is null or name = $1 order by name limit 10000
        """
    }
    public func bind(_ parameters: inout PQParams) { parameters.text(name) }
    public static func read(_ rows: PQRows) throws -> [Audience] {
        try rows.map {
            Audience(
                name: try $0.text(0), id: try $0.int4(1), owner: try $0.text(2), members: try $0.int8(3),
                rejected: try $0.int8(4),
                createdAt: try $0.timestamp(5), changedAt: try $0.timestamp(6), query: try $0.textOrNull(7))
        }
    }
}

/// Rows that a list could not take.
public struct AudienceRejects: Statement {
    public var name: String
    public var limit: Int64
    public init(name: String, limit: Int64) {
        self.name = name
        self.limit = limit
    }
    public struct Reject: Sendable, Equatable {
        public var line: Int64?
        public var field: String
        public var problem: String
    }
    public var sql: String {
        "select line, field, problem from martlet.audience_rejects where audience = $1::text order by coalesce(line, n), n limit $2::int8"
    }
    public func bind(_ parameters: inout PQParams) {
        parameters.text(name)
        parameters.int8(limit)
    }
    public static func read(_ rows: PQRows) throws -> [Reject] {
        try rows.map { Reject(line: try $0.int8OrNull(0), field: try $0.text(1), problem: try $0.text(2)) }
    }
}

/// Removes a list; answers how many people it had.
public struct RemoveAudience: Statement {
    public var name: String
    public var why: String
    public init(name: String, why: String) {
        self.name = name
        self.why = why
    }
    public var sql: String { "select martlet.remove_audience($1::text, $2::text)" }
    public func bind(_ parameters: inout PQParams) {
        parameters.text(name)
        parameters.text(why)
    }
    public static func read(_ rows: PQRows) throws -> Int64 { try rows.only.int8(0) }
}

/// Puts codes into a pool. SQLSTATE MT023.
public struct LoadCodes: Statement {
    public var pool: String
    public var codes: [String]
    /// As PostgreSQL reads a time; nil: they do not expire.
    public var validUntil: String?
    public init(pool: String, codes: [String], validUntil: String? = nil) {
        self.pool = pool
        self.codes = codes
        self.validUntil = validUntil
    }
    public var sql: String { "select loaded, doubles from martlet.load_codes($1::text, $2::text[], ($3::text)::timestamptz)" }
    public func bind(_ parameters: inout PQParams) {
        parameters.text(pool)
        parameters.textArray(codes)
        parameters.text(validUntil)
    }
    public static func read(_ rows: PQRows) throws -> (loaded: Int64, doubles: Int64) {
        (try rows.only.int8(0), try rows.only.int8(1))
    }
}

/// The pools with what became of their codes.
public struct ListCodePools: Statement {
    public var pool: String?
    public init(pool: String? = nil) { self.pool = pool }
    public struct Pool: Sendable, Equatable {
        public var name: String
        public var codes: Int64
        public var free: Int64
        public var reserved: Int64
        public var held: Int64
        public var spent: Int64
        public var expired: Int64
        public init(name: String, codes: Int64, free: Int64, reserved: Int64, held: Int64, spent: Int64, expired: Int64) {
            self.name = name
            self.codes = codes
            self.free = free
            self.reserved = reserved
            self.held = held
            self.spent = spent
            self.expired = expired
        }
    }
    public var sql: String {
        "select pool, codes, free, reserved, held, spent, expired from martlet.code_pools where $1::text is null or pool = $1 order by pool limit 1000"
    }
    public func bind(_ parameters: inout PQParams) { parameters.text(pool) }
    public static func read(_ rows: PQRows) throws -> [Pool] {
        try rows.map {
            Pool(
                name: try $0.text(0), codes: try $0.int8(1), free: try $0.int8(2), reserved: try $0.int8(3), held: try $0.int8(4),
                spent: try $0.int8(5), expired: try $0.int8(6))
        }
    }
}
