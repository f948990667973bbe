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

/// What was decided for people of one journey: where they wait now, with the messages on the way. What is impossible for one person is done for the others.
public struct ApplyJourneyTurns: Statement {
    public var journey: Int32
    /// JSON objects; `martlet_data.take_journey_steps` says of what.
    public var turns: [String]
    public init(journey: Int32, turns: [String]) {
        self.journey = journey
        self.turns = turns
    }
    public struct Outcome: Sendable, Equatable {
        public var done: Int
        public var failed: Int
        /// Of the last one that failed.
        public var problem: String?
    }
    public var sql: String { "select done, failed, problem from martlet_data.apply_journey_turns($1::int4, $2::jsonb[])" }
    public func bind(_ parameters: inout PQParams) {
        parameters.int4(journey)
        parameters.jsonbArray(turns)
    }
    public static func read(_ rows: PQRows) throws -> Outcome {
        let row = try rows.only
        return Outcome(
            done: Int(try row.int4OrNull(0) ?? 0), failed: Int(try row.int4OrNull(1) ?? 0), problem: try row.textOrNull(2))
    }
}

/// A version of a journey as operators wrote it.
public struct LoadJourneyVersion: Statement {
    public var journey: Int32
    public var version: Int32
    public init(journey: Int32, version: Int32) {
        self.journey = journey
        self.version = version
    }
    public var sql: String {
        """
        select j.name, v.definition from martlet_data.journey_versions v join martlet_data.journeys j on j.id = v.journey_id
        where v.journey_id = $1 and v.version = $2
        """
    }
    public func bind(_ parameters: inout PQParams) {
        parameters.int4(journey)
        parameters.int4(version)
    }
    public static func read(_ rows: PQRows) throws -> (name: String, definition: String)? {
        try rows.first.map { (try $0.text(0), try $0.text(1)) }
    }
}

/// Those of some names that are zones.
public struct KnownZones: Statement {
    public var zones: [String]
    public init(zones: [String]) { self.zones = zones }
    public var sql: String { "select name from martlet_data.time_zones where name = any ($1::text[]) order by name limit 10000" }
    public func bind(_ parameters: inout PQParams) { parameters.textArray(zones) }
    public static func read(_ rows: PQRows) throws -> [String] { try rows.map { try $0.text(0) } }
}
