import Domain
import Postgres

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
