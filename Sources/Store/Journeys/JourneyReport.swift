import Postgres

/// Where the people of a journey are or ended, and what became of the messages of its steps.
public struct JourneyReport: Statement {
    public var journey: String
    public init(journey: String) { self.journey = journey }
    public struct Count: Sendable, Equatable {
        /// `people` or `messages`.
        public var what: String
        public var step: String
        public var state: String
        public var reason: String?
        public var count: Int64
        public var goals: Int64
    }
    public var sql: String {
        """
        select what, step, state, reason, people, goals from martlet.journey_report where journey = $1 order by what desc, step, state, reason limit 10000
        """
    }
    public func bind(_ parameters: inout PQParams) { parameters.text(journey) }
    public static func read(_ rows: PQRows) throws -> [Count] {
        try rows.map {
            Count(
                what: try $0.text(0), step: try $0.text(1), state: try $0.text(2), reason: try $0.textOrNull(3),
                count: try $0.int8(4), goals: try $0.int8(5))
        }
    }
}
