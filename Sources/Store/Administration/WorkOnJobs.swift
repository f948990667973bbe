import Postgres

/// Does one batch of a job that is due and that no worker is at; nil: there is none.
public struct WorkOnJobs: Statement {
    public static let most = 500
    /// nil: any job.
    public var job: Int64?
    public init(job: Int64? = nil) { self.job = job }
    public struct Batch: Sendable, Equatable {
        public var job: Int64
        public var action: String
        public var done: Int
        public var skipped: Int
        public var hasEnded: Bool
    }
    public var sql: String { "select job_id, action, done, skipped, has_ended from martlet_data.work_on_jobs($1, $2)" }
    public func bind(_ parameters: inout PQParams) {
        parameters.int8(job)
        parameters.int4(Int32(Self.most))
    }
    public static func read(_ rows: PQRows) throws -> Batch? {
        try rows.first.map {
            Batch(
                job: try $0.int8(0), action: try $0.text(1), done: Int(try $0.int4(2)), skipped: Int(try $0.int4(3)),
                hasEnded: try $0.bool(4))
        }
    }
}
