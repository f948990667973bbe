import Domain
import Postgres

/// A message as `martlet.message_status` shows it; addresses are masked for all but admins.
public struct MessageOverview: Sendable {
    public var id: MessageID
    public var messageClass: String
    public var channel: String
    public var recipientKey: String
    public var address: String
    public var template: String
    public var groupKey: String?
    public var producer: String
    public var createdAt: Timestamp
    public var expiresAt: Timestamp
    public var state: String
    public var reason: String?
    public var until: Timestamp?
    public var endedAt: Timestamp?

    static let columns =
        "message_id, class, channel, recipient_key, address, template, group_key, producer, created_at, expires_at, state, reason, until, ended_at"

    init(_ row: PQRow) throws {
        id = try row.messageID(0)
        messageClass = try row.text(1)
        channel = try row.text(2)
        recipientKey = try row.text(3)
        address = try row.text(4)
        template = try row.text(5)
        groupKey = try row.textOrNull(6)
        producer = try row.text(7)
        createdAt = try row.timestamp(8)
        expiresAt = try row.timestamp(9)
        state = try row.text(10)
        reason = try row.textOrNull(11)
        until = try row.timestampOrNull(12)
        endedAt = try row.timestampOrNull(13)
    }
}

/// The state of one message; nil when there is none.
public struct LoadMessageOverview: Statement {
    public var id: MessageID
    public init(id: MessageID) { self.id = id }
    public var sql: String { "select \(MessageOverview.columns) from martlet.message_status where message_id = $1 limit 1" }
    public func bind(_ parameters: inout PQParams) { parameters.int8(id.rawValue) }
    public static func read(_ rows: PQRows) throws -> MessageOverview? { try rows.first.map(MessageOverview.init) }
}

/// Messages of one recipient, newest first: by key, or by address (which has no index) among those enqueued since an instant.
public struct FindMessages: Statement {
    public var recipient: String
    public var channel: String?
    /// nil: by `recipient_key`.
    public var addressSince: Timestamp?
    public var limit: Int
    public init(recipient: String, channel: String?, addressSince: Timestamp?, limit: Int) {
        self.recipient = recipient
        self.channel = channel
        self.addressSince = addressSince
        self.limit = limit
    }
    public var sql: String {
        """
        with found as materialized (
            select m.id from martlet_data.messages m join martlet_data.channels c on c.id = m.channel_id
            where ($2::text is null or c.name = $2)
                and \(addressSince == nil ? "m.recipient_key = $1 and $3::timestamptz is null" : "m.address = $1 and m.id >= martlet_data.first_id($3)")
            order by m.id desc limit $4)
        select \(MessageOverview.columns) from martlet.message_status
        where message_id = any (array(select id from found)) order by message_id desc
        """
    }
    public func bind(_ parameters: inout PQParams) {
        parameters.text(recipient)
        parameters.text(channel)
        parameters.timestamp(addressSince)
        parameters.int8(Int64(limit))
    }
    public static func read(_ rows: PQRows) throws -> [MessageOverview] { try rows.map(MessageOverview.init) }
}

/// Everything that was written down about a message, oldest first.
public struct LoadReceipts: Statement {
    public var id: MessageID
    public init(id: MessageID) { self.id = id }
    public struct Receipt: Sendable {
        public var at: Timestamp
        public var kind: String
        public var attempt: Int?
        public var provider: String?
        public var code: String?
        public var detail: String?
        public var reference: String?
        /// Of a worker that had lost its lease: kept, but it moved nothing.
        public var stale: Bool
        public var actor: String?
        /// Which part of a long text it is about; nil: the whole message.
        public var part: Int?
    }
    public var sql: String {
        """
        select at, kind, attempt, provider, code, detail, reference, stale, actor, part from martlet.receipts
        where message_id = $1 order by at, (kind <> 'admitted') limit 1000
        """
    }
    public func bind(_ parameters: inout PQParams) { parameters.int8(id.rawValue) }
    public static func read(_ rows: PQRows) throws -> [Receipt] {
        try rows.map {
            Receipt(
                at: try $0.timestamp(0), kind: try $0.text(1), attempt: try $0.int2OrNull(2).map(Int.init),
                provider: try $0.textOrNull(3),
                code: try $0.textOrNull(4), detail: try $0.textOrNull(5), reference: try $0.textOrNull(6), stale: try $0.bool(7),
                actor: try $0.textOrNull(8), part: try $0.int2OrNull(9).map(Int.init))
        }
    }
}

/// The attempts of a message with their outcomes.
public struct LoadAttempts: Statement {
    public var id: MessageID
    public init(id: MessageID) { self.id = id }
    public struct Attempt: Sendable {
        public var attempt: Int
        public var provider: String
        public var session: Int
        public var admittedAt: Timestamp
        public var sendBy: Timestamp
        public var templateVersion: Int
        public var segments: Int
        public var costMicros: Int64?
        public var currency: String?
        /// nil: nobody has answered.
        public var outcome: String?
        public var code: String?
        public var reference: String?
    }
    public var sql: String {
        """
        select attempt, provider, session, admitted_at, send_by, template_version, segments, cost_micros, currency, outcome, code, reference
        from martlet.attempts where message_id = $1 order by attempt limit 1000
        """
    }
    public func bind(_ parameters: inout PQParams) { parameters.int8(id.rawValue) }
    public static func read(_ rows: PQRows) throws -> [Attempt] {
        try rows.map {
            Attempt(
                attempt: Int(try $0.int2(0)), provider: try $0.text(1), session: Int(try $0.int4(2)),
                admittedAt: try $0.timestamp(3),
                sendBy: try $0.timestamp(4), templateVersion: Int(try $0.int4(5)), segments: Int(try $0.int2(6)),
                costMicros: try $0.int8OrNull(7), currency: try $0.textOrNull(8), outcome: try $0.textOrNull(9),
                code: try $0.textOrNull(10), reference: try $0.textOrNull(11))
        }
    }
}

/// What people did to a message (admins only).
public struct LoadAudit: Statement {
    public var object: String
    public init(object: String) { self.object = object }
    public struct Entry: Sendable {
        public var at: Timestamp
        public var actor: String
        public var action: String
        public var why: String?
        /// JSON.
        public var detail: String?
    }
    public var sql: String { "select at, actor, action, why, detail from martlet.audit where object = $1 order by at limit 1000" }
    public func bind(_ parameters: inout PQParams) { parameters.text(object) }
    public static func read(_ rows: PQRows) throws -> [Entry] {
        try rows.map {
            Entry(
                at: try $0.timestamp(0), actor: try $0.text(1), action: try $0.text(2), why: try $0.textOrNull(3),
                detail: try $0.jsonbOrNull(4))
        }
    }
}

/// The variables of a message (admins only); `{}` once they were erased. The newest requeue's count.
public struct LoadVariables: Statement {
    public var id: MessageID
    public init(id: MessageID) { self.id = id }
    public var sql: String {
        """
        select martlet_data.variables_of($1) where exists (select from martlet_data.messages where id = $1)
            or exists (select from martlet_data.dead_letters where message_id = $1)
        """
    }
    public func bind(_ parameters: inout PQParams) { parameters.int8(id.rawValue) }
    public static func read(_ rows: PQRows) throws -> String? { try rows.first?.jsonb(0) }
}
