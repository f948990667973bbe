import Postgres

/// Some people of a journey's audience enter it, in the order of the list; a transaction of its own.
public struct EnterAudience: Statement {
    public static let limit: Int32 = 5000
    public var journey: String
    /// The last row of the list that was looked at.
    public var after: Int64
    public init(journey: String, after: Int64) {
        self.journey = journey
        self.after = after
    }
    public struct Answer: Sendable {
        /// nil: there are no more.
        public var last: Int64?
        public var entered: Int64
        public var looked: Int64
    }
    public var sql: String { "select last, entered, looked from martlet_data.enter_audience($1::text, $2::int8, \(Self.limit))" }
    public func bind(_ parameters: inout PQParams) {
        parameters.text(journey)
        parameters.int8(after)
    }
    public static func read(_ rows: PQRows) throws -> Answer {
        let row = try rows.only
        return Answer(last: try row.int8OrNull(0), entered: try row.int8(1), looked: try row.int8(2))
    }
}
