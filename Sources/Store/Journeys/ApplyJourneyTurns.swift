import Postgres

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
