import Domain
import Postgres

/// Ends a run for good; answers when, and how many members had not been released.
public struct StopRun: Statement {
    public var run: Int32
    public var why: String
    public init(run: Int32, why: String) {
        self.run = run
        self.why = why
    }
    public var sql: String { "select stopped_at, waiting from martlet.stop_run($1::int4, $2::text)" }
    public func bind(_ parameters: inout PQParams) {
        parameters.int4(run)
        parameters.text(why)
    }
    public static func read(_ rows: PQRows) throws -> (stoppedAt: Timestamp, waiting: Int64) {
        (try rows.only.timestamp(0), try rows.only.int8(1))
    }
}
