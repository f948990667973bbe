import Domain
import Postgres

/// One `config apply` or `templates push` at a time.
public struct LockConfiguration: Statement {
    public init() {}
    public var sql: String { "select set_config('lock_timeout', '10s', true), pg_advisory_xact_lock(7340000, 1)" }
    public func bind(_ parameters: inout PQParams) {}
}

/// Who did what, and why; `actor` is the session's user.
public struct InsertAudit: Statement {
    public var action: String
    public var object: String
    public var why: String?
    /// JSON or nil.
    public var detail: String?
    public init(action: String, object: String, why: String?, detail: String?) {
        self.action = action
        self.object = object
        self.why = why
        self.detail = detail
    }
    public var sql: String { "insert into martlet_data.audit (action, object, why, detail) values ($1, $2, $3, $4)" }
    public func bind(_ parameters: inout PQParams) {
        parameters.text(action)
        parameters.text(object)
        parameters.text(why)
        parameters.jsonb(detail)
    }
}

/// The newest versions of the policy, newest first, without their files.
public struct PolicyHistory: Statement {
    public var limit: Int
    public init(limit: Int) { self.limit = limit }
    public struct Version: Sendable {
        public var version: Int
        public var appliedAt: Timestamp
        public var appliedBy: String
        public var note: String?
    }
    public var sql: String {
        "select version, applied_at, applied_by, note from martlet_data.policies order by version desc limit $1"
    }
    public func bind(_ parameters: inout PQParams) { parameters.int8(Int64(limit)) }
    public static func read(_ rows: PQRows) throws -> [Version] {
        try rows.map {
            Version(
                version: Int(try $0.int4(0)), appliedAt: try $0.timestamp(1), appliedBy: try $0.text(2),
                note: try $0.textOrNull(3))
        }
    }
}

/// Newest version of every template, with who pushed it and when.
public struct ListTemplates: Statement {
    public var key: String?
    public var channel: String?
    public init(key: String?, channel: String?) {
        self.key = key
        self.channel = channel
    }
    public struct Row: Sendable {
        public var key: String
        public var channel: String
        public var locale: String
        public var version: Int
        public var pushedAt: Timestamp
        public var pushedBy: String
        public var required: [String]
        /// Nothing new is enqueued with a retired template.
        public var retiredAt: Timestamp?
    }
    public var sql: String {
        """
        select distinct on (key, channel, locale) key, channel, locale, version, pushed_at, pushed_by, required, retired_at
        from martlet_data.templates where ($1::text is null or key = $1) and ($2::text is null or channel = $2)
        order by key, channel, locale, version desc limit 10000
        """
    }
    public func bind(_ parameters: inout PQParams) {
        parameters.text(key)
        parameters.text(channel)
    }
    public static func read(_ rows: PQRows) throws -> [Row] {
        try rows.map {
            Row(
                key: try $0.text(0), channel: try $0.text(1), locale: try $0.text(2), version: Int(try $0.int4(3)),
                pushedAt: try $0.timestamp(4), pushedBy: try $0.text(5), required: try $0.textArray(6),
                retiredAt: try $0.timestampOrNull(7))
        }
    }
}
