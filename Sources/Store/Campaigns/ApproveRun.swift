import Domain
import Postgres

/// The second person's word.
public struct ApproveRun: Statement {
    public var run: Int32
    public var why: String?
    public init(run: Int32, why: String?) {
        self.run = run
        self.why = why
    }
    public var sql: String { "select martlet.approve_run($1::int4, $2::text)" }
    public func bind(_ parameters: inout PQParams) {
        parameters.int4(run)
        parameters.text(why)
    }
    public static func read(_ rows: PQRows) throws -> Timestamp { try rows.only.timestamp(0) }
}
