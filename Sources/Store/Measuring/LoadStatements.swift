import Domain
import Postgres

/// One call of the contract, as a service would make it; for the load generator.
public struct EnqueueOne: Statement {
    public var row: BulkRow
    public init(_ row: BulkRow) { self.row = row }
    public var sql: String {
        """
        select martlet.enqueue($1, $2, $3, $4, $5, recipient_key => $6, locale => $7)
        """
    }
    public func bind(_ parameters: inout PQParams) {
        parameters.text(row["class"])
        parameters.text(row["channel"])
        parameters.text(row["recipient"])
        parameters.text(row["template"])
        parameters.jsonb(row["variables"])
        parameters.text(row["recipient_key"])
        parameters.text(row["locale"])
    }
    public static func read(_ rows: PQRows) throws -> MessageID { try rows.only.messageID(0) }
}

/// Accepted messages, and the time from the first admission to the last acceptance.
public struct LoadThroughput: Statement {
    public init() {}
    public struct Answer: Sendable {
        public var accepted: Int64
        public var seconds: Double
    }
    public var sql: String {
        """
        select (select count(*) from martlet_data.receipts where kind = 'accepted'),
            coalesce(extract(epoch from (select max(at) from martlet_data.receipts where kind = 'accepted')
                - (select min(admitted_at) from martlet_data.attempts)), 0)::float8
        """
    }
    public func bind(_ parameters: inout PQParams) {}
    public static func read(_ rows: PQRows) throws -> Answer {
        Answer(accepted: try rows.only.int8(0), seconds: try rows.only.float8(1))
    }
}

/// When messages were admitted and accepted, by the database's clock.
public struct PickupTimes: Statement {
    public var messageIDs: [MessageID]
    public init(messageIDs: [MessageID]) { self.messageIDs = messageIDs }
    public struct Times: Sendable {
        public var messageID: MessageID
        public var admitted: Timestamp
        public var accepted: Timestamp
    }
    public var sql: String {
        """
        select m.id, a.admitted_at, r.at
        from martlet_data.messages m join martlet_data.attempts a on a.message_id = m.id and a.attempt = 1
        join martlet_data.receipts r on r.message_id = m.id and r.kind = 'accepted' where m.id = any ($1) limit 100000
        """
    }
    public func bind(_ parameters: inout PQParams) { parameters.messageIDs(messageIDs) }
    public static func read(_ rows: PQRows) throws -> [Times] {
        try rows.map { Times(messageID: try $0.messageID(0), admitted: try $0.timestamp(1), accepted: try $0.timestamp(2)) }
    }
}

/// Messages that a provider has accepted, without anybody having sent them; answers the first id, the others follow it one by one. For
/// the load generator, as the owner of the tables.
public struct SeedHandOvers: Statement {
    public var count: Int64
    public var provider: String
    public init(count: Int64, provider: String) {
        self.count = count
        self.provider = provider
    }
    public var sql: String {
        """
        with base as materialized (select martlet_data.first_id(clock_timestamp()) as first),
        messages as (
            insert into martlet_data.messages (id, class_id, channel_id, recipient_key, address, template, variables, producer, created_at, expires_at)
            select first + n, coalesce((select min(id) from martlet_data.classes), 1::int2), (select id from martlet_data.channels where name = 'sms'), 'load-' || n,
                '+86139' || 10000000 + n, 'load', '{}', session_user, clock_timestamp(), clock_timestamp() + interval '1 day'
            from base, generate_series(0, $1::int8 - 1) n returning id),
        attempts as (
            insert into martlet_data.attempts (message_id, attempt, provider, session, admitted_at, send_by, template_version, segments)
            select id, 1, $2, 1, clock_timestamp(), clock_timestamp(), 1, 1 from messages),
        receipts as (insert into martlet_data.receipts (message_id, kind, attempt, provider) select id, 'accepted', 1, $2 from messages)
        select first from base
        """
    }
    public func bind(_ parameters: inout PQParams) {
        parameters.int8(count)
        parameters.text(provider)
    }
    public static func read(_ rows: PQRows) throws -> MessageID { try rows.only.messageID(0) }
}
