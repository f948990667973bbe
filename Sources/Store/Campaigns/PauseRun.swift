import Domain
import Postgres

/// From the answered instant on no message of the run is admitted. Answers what was handed over or about to be at that instant.
public struct PauseRun: Statement {
    public var run: Int32
    public var why: String
    public init(run: Int32, why: String) {
        self.run = run
        self.why = why
    }
    public struct Answer: Sendable {
        public var pausedAt: Timestamp
        public var inFlight: Int64
        /// The first thousand of them.
        public var messages: [MessageID]
    }
    public var sql: String { "select paused_at, in_flight, coalesce(messages, '{}') from martlet.pause_run($1::int4, $2::text)" }
    public func bind(_ parameters: inout PQParams) {
        parameters.int4(run)
        parameters.text(why)
    }
    public static func read(_ rows: PQRows) throws -> Answer {
        let row = try rows.only
        return Answer(
            pausedAt: try row.timestamp(0), inFlight: try row.int8(1), messages: try row.int8Array(2).map(MessageID.init(_:)))
    }
}
