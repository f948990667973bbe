import Postgres

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
