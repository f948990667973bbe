import Domain
import Postgres

/// Stores a journey as its newest version, if it differs, and moves people to it where that is asked for.
public struct ApplyJourney: Statement {
    public var journey: Journey
    /// As the operators wrote it.
    public var definition: String
    /// By the name of a step that this version does not have the step that its people go to, nil: they leave. nil: people keep their version.
    public var moves: [String: String?]?
    /// Steps that were another kind of step before: people there begin them anew.
    public var changed: [String]
    public init(_ journey: Journey, definition: String, moves: [String: String?]?, changed: [String]) {
        self.journey = journey
        self.definition = definition
        self.moves = moves
        self.changed = changed
    }
    public struct Answer: Sendable {
        public var version: Int32
        public var isNew: Bool
        public var moved: Int64
    }
    public var sql: String {
        """
        select version, is_new, moved from martlet_data.apply_journey(jsonb_build_object(
            'name', $1::text, 'definition', $2::text, 're_entry', $3::text, 'audience', $4::text, 'steps', to_jsonb($5::text[]),
            'triggers', (select coalesce(jsonb_agg(jsonb_build_object('event', t.event, 'kind', t.kind, 'condition', t.condition,
                'fields', case when t.kind = 'entry' then to_jsonb($9::text[]) end)), '[]') from unnest($6::text[], $7::text[], $8::text[]) t(event, kind, condition))),
            case when $10::bool then (select coalesce(jsonb_object_agg(m.step, m.target), '{}') from unnest($11::text[], $12::text[]) m(step, target)) end, $13::text[])
        """
    }
    public func bind(_ parameters: inout PQParams) {
        var triggers: [(event: String, kind: String, condition: String?)] =
            journey.goals.map { ($0, "goal", nil) } + journey.exits.map { ($0, "exit", nil) }
            + journey.awaited.sorted().map { ($0, "await", nil) }
        var fields: [String] = []
        var audience: String?
        switch journey.entry {
        case .event(let event, let conditions, let data):
            triggers.append((event, "entry", Journey.Condition.path(conditions)))
            fields = data
        case .audience(let name, _): audience = name
        }
        parameters.text(journey.name)
        parameters.text(definition)
        parameters.text(journey.reEntry.rawValue)
        parameters.text(audience)
        parameters.textArray(journey.steps.map(\.name))
        parameters.textArray(triggers.map(\.event))
        parameters.textArray(triggers.map(\.kind))
        parameters.textArray(triggers.map(\.condition))
        parameters.textArray(fields)
        let moves = (self.moves ?? [:]).sorted { $0.key < $1.key }
        parameters.bool(self.moves != nil)
        parameters.textArray(moves.map(\.key))
        parameters.textArray(moves.map(\.value))
        parameters.textArray(changed)
    }
    public static func read(_ rows: PQRows) throws -> Answer {
        let row = try rows.only
        return Answer(version: try row.int4(0), isNew: try row.bool(1), moved: try row.int8(2))
    }
}

/// From the answered instant on no step of the journey is taken, and no message of it is admitted.
public struct PauseJourney: Statement {
    public var journey: String
    public var why: String
    public init(journey: String, why: String) {
        self.journey = journey
        self.why = why
    }
    public var sql: String { "select paused_at, people from martlet.pause_journey($1::text, $2::text)" }
    public func bind(_ parameters: inout PQParams) {
        parameters.text(journey)
        parameters.text(why)
    }
    public static func read(_ rows: PQRows) throws -> (pausedAt: Timestamp, people: Int64) {
        (try rows.only.timestamp(0), try rows.only.int8(1))
    }
}

/// Lets a paused journey go on; answers since when it was paused, and how many steps have become due.
public struct ResumeJourney: Statement {
    public var journey: String
    public var why: String
    public init(journey: String, why: String) {
        self.journey = journey
        self.why = why
    }
    public var sql: String { "select paused_at, late from martlet.resume_journey($1::text, $2::text)" }
    public func bind(_ parameters: inout PQParams) {
        parameters.text(journey)
        parameters.text(why)
    }
    public static func read(_ rows: PQRows) throws -> (pausedAt: Timestamp, late: Int64) {
        (try rows.only.timestamp(0), try rows.only.int8(1))
    }
}

/// Lets one person into a journey; false: re-entry does not allow it.
public struct EnterJourney: Statement {
    public var journey: String
    public var person: String
    /// A JSON object.
    public var data: String
    public init(journey: String, person: String, data: String) {
        self.journey = journey
        self.person = person
        self.data = data
    }
    public var sql: String { "select martlet.enter_journey($1::text, $2::text, $3::jsonb)" }
    public func bind(_ parameters: inout PQParams) {
        parameters.text(journey)
        parameters.text(person)
        parameters.jsonb(data)
    }
    public static func read(_ rows: PQRows) throws -> Bool { try rows.only.bool(0) }
}

/// Takes one person out of a journey; false: they were not in.
public struct ExitJourney: Statement {
    public var journey: String
    public var person: String
    public var why: String
    public init(journey: String, person: String, why: String) {
        self.journey = journey
        self.person = person
        self.why = why
    }
    public var sql: String { "select martlet.exit_journey($1::text, $2::text, $3::text)" }
    public func bind(_ parameters: inout PQParams) {
        parameters.text(journey)
        parameters.text(person)
        parameters.text(why)
    }
    public static func read(_ rows: PQRows) throws -> Bool { try rows.only.bool(0) }
}

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
