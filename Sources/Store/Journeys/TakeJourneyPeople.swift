import Domain
import Postgres

/// Locks the people of one journey whose steps are due, for the transaction that takes the steps. Empty: nothing is due, or others hold what is.
public struct TakeJourneyPeople: Statement {
    public var limit: Int32
    public init(limit: Int32) { self.limit = limit }
    public struct Person: Sendable {
        public var journey: Int32
        public var version: Int32
        public var person: String
        public var entry: Int32
        public var step: String
        /// Inside the step; false: it begins.
        public var isWaiting: Bool
        public var now: Timestamp
        public var until: Timestamp?
        /// A JSON object.
        public var data: String
        /// Data of events that came while the step waited for them, as JSON objects.
        public var arrived: [String]
        /// What became of the message that the step looks at; nil: it looks at none.
        public var seen: String?
        public var acceptedAt: Timestamp?
    }
    public var sql: String {
        """
        select journey_id, version, person, entry, step, is_waiting, now, until_at, data, arrived, look, accepted_at
        from martlet_data.take_journey_people($1::int4) limit 10000
        """
    }
    public func bind(_ parameters: inout PQParams) { parameters.int4(limit) }
    public static func read(_ rows: PQRows) throws -> [Person] {
        try rows.map {
            Person(
                journey: try $0.int4(0), version: try $0.int4(1), person: try $0.text(2), entry: try $0.int4(3),
                step: try $0.text(4),
                isWaiting: try $0.bool(5), now: try $0.timestamp(6), until: try $0.timestampOrNull(7), data: try $0.text(8),
                arrived: try $0.textArray(9), seen: try $0.textOrNull(10), acceptedAt: try $0.timestampOrNull(11))
        }
    }
}
