import Postgres

/// Accepted messages, and the time from the first admission to the last acceptance.
public struct LoadThroughput: Statement {
    public init() {}
    public struct Answer: Sendable {
        public var accepted: Int64
        public var seconds: Double
    }
    public var sql: String {
        """
        select (select count(*) from martlet_data.receipts where kind = 'accepted'),
            coalesce(extract(epoch from (select max(at) from martlet_data.receipts where kind = 'accepted')
                - (select min(admitted_at) from martlet_data.attempts)), 0)::float8
        """
    }
    public func bind(_ parameters: inout PQParams) {}
    public static func read(_ rows: PQRows) throws -> Answer {
        Answer(accepted: try rows.only.int8(0), seconds: try rows.only.float8(1))
    }
}
