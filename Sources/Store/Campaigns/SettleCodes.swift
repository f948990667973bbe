import Postgres

/// What became of codes, from what became of their messages. Walks over them by message; answers where it got to, nil at the end.
public struct SettleCodes: Statement {
    public static let limit: Int32 = 2000
    public var after: Int64
    public init(after: Int64) { self.after = after }
    public var sql: String { "select looked, last from martlet_data.settle_codes($1::int8, \(Self.limit))" }
    public func bind(_ parameters: inout PQParams) { parameters.int8(after) }
    public static func read(_ rows: PQRows) throws -> Int64? {
        try rows.only.int4OrNull(0) == limit ? try rows.only.int8OrNull(1) : nil
    }
}
