import Postgres

/// Brings the kept counts of one day up to date; answers how long it took. nil: another worker is at it.
public struct CountDay: Statement {
    public var day: String
    public init(day: String) { self.day = day }
    public var sql: String { "select martlet_data.count_day(to_date($1, 'YYYY-MM-DD'))" }
    public func bind(_ parameters: inout PQParams) { parameters.text(day) }
    public static func read(_ rows: PQRows) throws -> Duration? { try rows.only.float8OrNull(0).map { .seconds($0) } }
}
