import Domain
import Postgres

/// Begins a job on the dead letters that match now, or on those named; answers its number. nil: none matches.
public struct CreateJob: Statement {
    public enum Messages: Sendable, Equatable {
        case named([MessageID])
        case matching(DeadLetterFilter)
    }
    /// `requeue` or `discard`.
    public var action: String
    public var why: String
    public var messages: Messages
    /// JSON objects.
    public var selection: String
    public var options: String
    public var perSecond: Int?
    public init(action: String, why: String, messages: Messages, selection: String, options: String, perSecond: Int?) {
        self.action = action
        self.why = why
        self.messages = messages
        self.selection = selection
        self.options = options
        self.perSecond = perSecond
    }
    /// In one statement, so that nothing happens between the choice and the job. An array keeps the set out of the client.
    public var sql: String {
        """
        with chosen as materialized (select case when $9 then $10 else array(
            select message_id from martlet.dead_letters where \(DeadLetterFilter.condition) order by message_id limit 1000001) end as ids)
        select martlet.create_job($11, $12, c.ids, $13, $14, $15) from chosen c where $9 or cardinality(c.ids) > 0
        """
    }
    public func bind(_ parameters: inout PQParams) {
        var filter = DeadLetterFilter()
        var ids: [MessageID] = []
        switch messages {
        case .named(let named): ids = named
        case .matching(let matching): filter = matching
        }
        filter.bind(&parameters)
        if case .named = messages { parameters.bool(true) } else { parameters.bool(false) }
        parameters.messageIDs(ids)
        parameters.text(action)
        parameters.text(why)
        parameters.jsonb(selection)
        parameters.jsonb(options)
        parameters.int4(perSecond.map { Int32(clamping: $0) })
    }
    public static func read(_ rows: PQRows) throws -> Int64? { try rows.first?.int8(0) }
}

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

/// Does one batch of a job that is due and that nobody works on; nil: there is none.
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

/// The messages of a job with their results, by id.
public struct ListJobMessages: Statement {
    public var job: Int64
    /// `waiting`, `done` or `skipped`; nil: all.
    public var result: String?
    public var after: MessageID
    public var limit: Int
    public init(job: Int64, result: String?, after: MessageID, limit: Int) {
        self.job = job
        self.result = result
        self.after = after
        self.limit = limit
    }
    public struct Message: Sendable, Equatable {
        public var id: MessageID
        public var result: String
        public var at: Timestamp?
        /// Why it was skipped.
        public var sqlstate: String?
        public var reason: String?
        public var hint: String?
    }
    public var sql: String {
        """
        select message_id, result, at, sqlstate, reason, hint from martlet.job_messages
        where job_id = $1 and ($2::text is null or result = $2) and message_id > $3 order by message_id limit $4
        """
    }
    public func bind(_ parameters: inout PQParams) {
        parameters.int8(job)
        parameters.text(result)
        parameters.int8(after.rawValue)
        parameters.int8(Int64(limit))
    }
    public static func read(_ rows: PQRows) throws -> [Message] {
        try rows.map {
            Message(
                id: try $0.messageID(0), result: try $0.text(1), at: try $0.timestampOrNull(2), sqlstate: try $0.textOrNull(3),
                reason: try $0.textOrNull(4), hint: try $0.textOrNull(5))
        }
    }
}

/// Forgets the messages of jobs that ended longer ago than `keep`, a bounded number at a time; answers how many.
public struct PurgeJobMessages: Statement {
    public var keep: Duration
    public init(keep: Duration) { self.keep = keep }
    public var sql: String {
        """
        with old as (select m.job_id, m.message_id from martlet_data.jobs j join martlet_data.job_messages m on m.job_id = j.id
            where j.ended_at < clock_timestamp() - $1::interval limit 10000),
        gone as (delete from martlet_data.job_messages m using old o where m.job_id = o.job_id and m.message_id = o.message_id returning 1)
        select count(*) from gone
        """
    }
    public func bind(_ parameters: inout PQParams) { parameters.interval(keep) }
    public static func read(_ rows: PQRows) throws -> Int64 { try rows.only.int8(0) }
}

/// Forgets jobs that ended longer ago than `keep` and have no messages left, a bounded number at a time; answers how many.
public struct PurgeJobs: Statement {
    public var keep: Duration
    public init(keep: Duration) { self.keep = keep }
    public var sql: String {
        """
        with gone as (delete from martlet_data.jobs where id = any (array(select j.id from martlet_data.jobs j
            where j.ended_at < clock_timestamp() - $1::interval and not exists (select from martlet_data.job_messages m where m.job_id = j.id)
            limit 10000)) returning 1)
        select count(*) from gone
        """
    }
    public func bind(_ parameters: inout PQParams) { parameters.interval(keep) }
    public static func read(_ rows: PQRows) throws -> Int64 { try rows.only.int8(0) }
}
