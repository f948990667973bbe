import Domain
import Postgres

/// Days of messages whose kept counts are behind, `YYYY-MM-DD`, oldest first.
public struct DaysToCount: Statement {
    public init() {}
    public var sql: String { "select to_char(d, 'YYYY-MM-DD') from martlet_data.days_to_count(40) d limit 40" }
    public func bind(_ parameters: inout PQParams) {}
    public static func read(_ rows: PQRows) throws -> [String] { try rows.map { try $0.text(0) } }
}

/// Brings the kept counts of one day up to date; answers how long it took. nil: another worker is at it.
public struct CountDay: Statement {
    public var day: String
    public init(day: String) { self.day = day }
    public var sql: String { "select martlet_data.count_day(to_date($1, 'YYYY-MM-DD'))" }
    public func bind(_ parameters: inout PQParams) { parameters.text(day) }
    public static func read(_ rows: PQRows) throws -> Duration? { try rows.only.float8OrNull(0).map { .seconds($0) } }
}
