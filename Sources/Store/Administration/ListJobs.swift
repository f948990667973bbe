import Domain
import Postgres

/// Jobs, newest first, as `martlet.jobs` shows them.
public struct ListJobs: Statement {
    /// nil: all.
    public var job: Int64?
    public var limit: Int
    public init(job: Int64? = nil, limit: Int) {
        self.job = job
        self.limit = limit
    }
    public struct Job: Sendable {
        public var id: Int64
        public var action: String
        /// `running`, `finished`, `stopped`.
        public var state: String
        public var why: String
        /// JSON objects.
        public var selection: String
        public var options: String
        public var hasEditedVariables: Bool
        public var perSecond: Int?
        public var messages: Int
        public var done: Int
        public var skipped: Int
        public var waiting: Int
        public var createdAt: Timestamp
        public var createdBy: String
        public var endedAt: Timestamp?
        public var stoppedBy: String?
        public var stopReason: String?
    }
    public var sql: String {
        """
        select id, action, state, why, selection, options, edited_variables, per_second, messages, done, skipped, waiting, created_at,
            created_by, ended_at, stopped_by, stop_why
        from martlet.jobs where $1::int8 is null or id = $1 order by id desc limit $2
        """
    }
    public func bind(_ parameters: inout PQParams) {
        parameters.int8(job)
        parameters.int8(Int64(limit))
    }
    public static func read(_ rows: PQRows) throws -> [Job] {
        try rows.map {
            Job(
                id: try $0.int8(0), action: try $0.text(1), state: try $0.text(2), why: try $0.text(3),
                selection: try $0.jsonb(4), options: try $0.jsonb(5), hasEditedVariables: try $0.bool(6),
                perSecond: try $0.int4OrNull(7).map(Int.init), messages: Int(try $0.int4(8)), done: Int(try $0.int4(9)),
                skipped: Int(try $0.int4(10)), waiting: Int(try $0.int4(11)), createdAt: try $0.timestamp(12),
                createdBy: try $0.text(13), endedAt: try $0.timestampOrNull(14), stoppedBy: try $0.textOrNull(15),
                stopReason: try $0.textOrNull(16))
        }
    }
}
