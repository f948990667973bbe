import Domain
import Postgres

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
