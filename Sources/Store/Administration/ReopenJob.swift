import Postgres

/// Lets a job that was stopped go on. False: it runs already.
public struct ReopenJob: Statement {
    public var job: Int64
    public var why: String
    public init(job: Int64, why: String) {
        self.job = job
        self.why = why
    }
    public var sql: String { "select martlet.resume_job($1, $2) = 'resumed'" }
    public func bind(_ parameters: inout PQParams) {
        parameters.int8(job)
        parameters.text(why)
    }
    public static func read(_ rows: PQRows) throws -> Bool { try rows.only.bool(0) }
}
