import Domain
import Postgres

/// Journeys with what they are doing, by name.
public struct ListJourneys: Statement {
    public var name: String?
    public init(name: String? = nil) { self.name = name }
    public struct Line: Sendable {
        public var name: String
        public var version: Int32
        public var state: String
        public var people: Int64
        public var due: Int64
        public var failed: Int64
        public var nextDue: Timestamp?
        /// The events that let people in, or the audience.
        public var entries: [String]
        public var pauseReason: String?
    }
    public var sql: String {
        """
        select journey, version, state, people, due, failed, next_due, coalesce(entry_events, array[audience], '{}')::text[], pause_reason
        from martlet.journeys where $1::text is null or journey = $1 order by journey limit 10000
        """
    }
    public func bind(_ parameters: inout PQParams) { parameters.text(name) }
    public static func read(_ rows: PQRows) throws -> [Line] {
        try rows.map {
            Line(
                name: try $0.text(0), version: try $0.int4(1), state: try $0.text(2), people: try $0.int8(3), due: try $0.int8(4),
                failed: try $0.int8(5), nextDue: try $0.timestampOrNull(6), entries: try $0.textArray(7),
                pauseReason: try $0.textOrNull(8))
        }
    }
}
