import Domain
import Postgres

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
