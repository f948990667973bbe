import Postgres

/// Days of messages whose kept counts are behind, `YYYY-MM-DD`, oldest first.
public struct DaysToCount: Statement {
    public init() {}
    public var sql: String { "select to_char(d, 'YYYY-MM-DD') from martlet_data.days_to_count(40) d limit 40" }
    public func bind(_ parameters: inout PQParams) {}
    public static func read(_ rows: PQRows) throws -> [String] { try rows.map { try $0.text(0) } }
}
