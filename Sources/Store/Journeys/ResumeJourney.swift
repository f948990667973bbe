import Domain
import Postgres

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
