import Postgres

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
