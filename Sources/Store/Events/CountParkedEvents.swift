import Postgres

/// How many events wait to be tried again, and how many never found anything; each at most 100,000.
public struct CountParkedEvents: Statement {
    public init() {}
    public struct Answer: Sendable {
        public var waiting: Int
        public var unmatched: Int
    }
    public var sql: String {
        """
        select (select count(*) from (select from martlet_data.provider_events where next_try is not null limit 100000) w),
            (select count(*) from (select from martlet_data.provider_events where next_try is null limit 100000) u)
        """
    }
    public func bind(_ parameters: inout PQParams) {}
    public static func read(_ rows: PQRows) throws -> Answer {
        Answer(waiting: Int(try rows.only.int8(0)), unmatched: Int(try rows.only.int8(1)))
    }
}
