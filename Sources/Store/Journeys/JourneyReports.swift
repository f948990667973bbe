import Domain
import Postgres

/// The newest version of each journey, or of one, as operators wrote it.
public struct LoadJourneys: Statement {
    public var name: String?
    public init(name: String? = nil) { self.name = name }
    public struct Stored: Sendable {
        public var name: String
        public var version: Int32
        public var definition: String
        public var appliedAt: Timestamp
        public var appliedBy: String
    }
    public var sql: String {
        """
        select j.name, v.version, v.definition, v.applied_at, v.applied_by from martlet_data.journeys j
            join martlet_data.journey_versions v on v.journey_id = j.id and v.version = j.version
        where $1::text is null or j.name = $1 order by j.name limit 10000
        """
    }
    public func bind(_ parameters: inout PQParams) { parameters.text(name) }
    public static func read(_ rows: PQRows) throws -> [Stored] {
        try rows.map {
            Stored(
                name: try $0.text(0), version: try $0.int4(1), definition: try $0.text(2), appliedAt: try $0.timestamp(3),
                appliedBy: try $0.text(4))
        }
    }
}

/// How many people are at each step of a journey, by the version that they are in.
public struct JourneySteps: Statement {
    public var journey: String
    public init(journey: String) { self.journey = journey }
    public struct Count: Sendable {
        public var version: Int32
        public var step: String
        public var people: Int64
        /// Of that version.
        public var definition: String
    }
    public var sql: String {
        """
        select p.version, p.step, p.people, v.definition from martlet_data.journeys j
            cross join lateral (select p.version, p.step, count(*) as people from martlet_data.journey_people p
                where p.journey_id = j.id and p.state = 'in' group by p.version, p.step) p
            join martlet_data.journey_versions v on v.journey_id = j.id and v.version = p.version
        where j.name = $1 order by p.version, p.step limit 100000
        """
    }
    public func bind(_ parameters: inout PQParams) { parameters.text(journey) }
    public static func read(_ rows: PQRows) throws -> [Count] {
        try rows.map {
            Count(version: try $0.int4(0), step: try $0.text(1), people: try $0.int8(2), definition: try $0.text(3))
        }
    }
}

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

/// People of a journey, those whose step is due first; or one person.
public struct ListJourneyPeople: Statement {
    public var journey: String
    /// `in`, `done`, `goal`, `exited`, `failed`; `failing`: a step that is tried again, or was given up. nil: all.
    public var state: String?
    public var step: String?
    public var person: String?
    public var limit: Int32
    public init(journey: String, state: String?, step: String?, person: String?, limit: Int32) {
        self.journey = journey
        self.state = state
        self.step = step
        self.person = person
        self.limit = limit
    }
    public struct Line: Sendable {
        /// Masked for readers.
        public var person: String
        public var version: Int32
        public var entry: Int32
        public var state: String
        public var step: String
        public var doing: String?
        public var dueAt: Timestamp?
        public var reason: String?
        public var enteredAt: Timestamp
    }
    public var sql: String {
        """
        select person, version, entry, state, step, doing, due_at, reason, entered_at from martlet.journey_people
        where journey = $1 and ($2::text is null or state = $2 or $2 = 'failing' and (failures > 0 or state = 'failed'))
            and ($3::text is null or step = $3) and ($4::text is null or person = martlet_data.shown(martlet_data.person_key($4)))
        order by due_at nulls last, entered_at desc limit $5
        """
    }
    public func bind(_ parameters: inout PQParams) {
        parameters.text(journey)
        parameters.text(state)
        parameters.text(step)
        parameters.text(person)
        parameters.int8(Int64(limit))
    }
    public static func read(_ rows: PQRows) throws -> [Line] {
        try rows.map {
            Line(
                person: try $0.text(0), version: try $0.int4(1), entry: try $0.int4(2), state: try $0.text(3),
                step: try $0.text(4),
                doing: try $0.textOrNull(5), dueAt: try $0.timestampOrNull(6), reason: try $0.textOrNull(7),
                enteredAt: try $0.timestamp(8))
        }
    }
}

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
