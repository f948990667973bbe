import Domain
import Postgres

/// Lifts all pauses of a run; answers since when it was paused.
public struct ResumeRun: Statement {
    public var run: Int32
    public var why: String
    public init(run: Int32, why: String) {
        self.run = run
        self.why = why
    }
    public var sql: String { "select martlet.resume_run($1::int4, $2::text)" }
    public func bind(_ parameters: inout PQParams) {
        parameters.int4(run)
        parameters.text(why)
    }
    public static func read(_ rows: PQRows) throws -> Timestamp { try rows.only.timestamp(0) }
}
