import Postgres

/// Stops a job. False: it had ended before.
public struct EndJob: Statement {
    public var job: Int64
    public var why: String
    public init(job: Int64, why: String) {
        self.job = job
        self.why = why
    }
    public var sql: String { "select martlet.stop_job($1, $2) = 'stopped'" }
    public func bind(_ parameters: inout PQParams) {
        parameters.int8(job)
        parameters.text(why)
    }
    public static func read(_ rows: PQRows) throws -> Bool { try rows.only.bool(0) }
}
