import Postgres

/// What keeps the days that are older than `keep`: at most 50 of them, oldest first.
public struct HeldDays: Statement {
    public var keep: Duration
    public init(keep: Duration) { self.keep = keep }
    public struct Day: Sendable {
        public var day: String
        /// nil: nothing does; retention will take it.
        public var why: String?
    }
    public var sql: String {
        """
        select d.day, martlet_data.day_held_by(to_date(d.day, 'YYYYMMDD')) from (\(OldDays(keep: keep).sql) limit 50) d(day)
        """
    }
    public func bind(_ parameters: inout PQParams) { parameters.interval(keep) }
    public static func read(_ rows: PQRows) throws -> [Day] {
        try rows.map { Day(day: try $0.text(0), why: try $0.textOrNull(1)) }
    }
}
