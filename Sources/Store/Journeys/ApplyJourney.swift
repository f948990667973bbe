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
