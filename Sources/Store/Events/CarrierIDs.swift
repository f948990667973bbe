import Domain
import Postgres

/// Ids that a provider gave to messages or their parts, where receipts will name them; in the transaction of the acceptance.
public struct InsertCarrierIDs: Statement {
    /// Without case and leading zeros: what receipts are looked up by.
    var folded: [String] = []
    var ids: [String] = []
    var providers: [String] = []
    var recipients: [String?] = []
    var messageIDs: [MessageID] = []
    var attempts: [Int16] = []
    var parts: [Int16] = []
    var totals: [Int16] = []
    public init() {}
    public var isEmpty: Bool { ids.isEmpty }

    /// - Parameters:
    ///   - recipient: nil: the message's own address.
    ///   - part: from 1.
    ///   - parts: receipts to wait for; 1: the receipt of any part speaks for the whole message.
    public mutating func add(
        _ id: String, folded: String, provider: String, recipient: String?, messageID: MessageID, attempt: Int16, part: Int16,
        parts: Int16
    ) {
        self.folded.append(folded)
        ids.append(id)
        providers.append(provider)
        recipients.append(recipient)
        messageIDs.append(messageID)
        attempts.append(attempt)
        self.parts.append(part)
        totals.append(parts)
    }

    public var sql: String {
        """
        insert into martlet_data.carrier_ids (folded, id, provider, recipient, message_id, attempt, part, parts)
        select folded, id, provider, coalesce(recipient, (select m.address from martlet_data.messages m where m.id = message_id), ''), message_id, attempt,
            part, parts
        from unnest($1::text[], $2::text[], $3::text[], $4::text[], $5::int8[], $6::int2[], $7::int2[], $8::int2[])
            i(folded, id, provider, recipient, message_id, attempt, part, parts)
        """
    }
    public func bind(_ parameters: inout PQParams) {
        parameters.textArray(folded)
        parameters.textArray(ids)
        parameters.textArray(providers)
        parameters.textArray(recipients)
        parameters.messageIDs(messageIDs)
        parameters.int2Array(attempts)
        parameters.int2Array(parts)
        parameters.int2Array(totals)
    }
}

/// The ids on record that the ids of receipts could be, among those of the last days. Which one it is, if any, `CarrierID.match` decides.
public struct FindCarrierIDs: Statement {
    /// More than this under one folded id cannot be told apart.
    public static let most = 20
    /// Distinct, each with its provider.
    public var folded: [String]
    public var providers: [String]
    /// How far back; older days are not even opened.
    public var since: Duration
    public init(folded: [String], providers: [String], since: Duration) {
        self.folded = folded
        self.providers = providers
        self.since = since
    }

    public struct Known: Sendable, Hashable {
        public var folded: String
        public var id: String
        public var provider: String
        public var recipient: String
        public var messageID: MessageID
        public var attempt: Int16
        public var part: Int16
        public var parts: Int16
        public var at: Timestamp

        public init(
            folded: String, id: String, provider: String, recipient: String, messageID: MessageID, attempt: Int16, part: Int16,
            parts: Int16, at: Timestamp
        ) {
            self.folded = folded
            self.id = id
            self.provider = provider
            self.recipient = recipient
            self.messageID = messageID
            self.attempt = attempt
            self.part = part
            self.parts = parts
            self.at = at
        }
    }

    public var sql: String {
        // now(), not clock_timestamp(): only what does not change within a statement excludes partitions, those of days to come too.
        """
        select c.folded, c.id, c.provider, c.recipient, c.message_id, c.attempt, c.part, c.parts, c.at
        from unnest($1::text[], $2::text[]) f(folded, provider) cross join lateral (
            select * from martlet_data.carrier_ids c where c.folded = f.folded and c.provider = f.provider and c.at >= now() - $3::interval and c.at < now() + interval '1 hour'
            limit \(Self.most)) c
        """
    }
    public func bind(_ parameters: inout PQParams) {
        parameters.textArray(folded)
        parameters.textArray(providers)
        parameters.interval(since)
    }
    public static func read(_ rows: PQRows) throws -> [Known] {
        try rows.map {
            Known(
                folded: try $0.text(0), id: try $0.text(1), provider: try $0.text(2), recipient: try $0.text(3),
                messageID: try $0.messageID(4), attempt: try $0.int2(5), part: try $0.int2(6), parts: try $0.int2(7),
                at: try $0.timestamp(8))
        }
    }
}

/// Hand-overs that receipts name by the words that we gave the provider: message and attempt. Their attempts are committed before a
/// provider can know of them.
public struct FindHandOvers: Statement {
    var messageIDs: [MessageID] = []
    var attempts: [Int16] = []
    var providers: [String] = []
    public init() {}
    public mutating func add(_ messageID: MessageID, attempt: Int16, provider: String) {
        messageIDs.append(messageID)
        attempts.append(attempt)
        providers.append(provider)
    }

    public struct Found: Sendable, Hashable {
        public var messageID: MessageID
        public var attempt: Int16
        public var provider: String
        public var admittedAt: Timestamp
        /// The provider's answer is written down.
        public var isAnswered: Bool
    }

    public var sql: String {
        """
        select a.message_id, a.attempt, a.provider, a.admitted_at, exists (select from martlet_data.receipts r
            where r.message_id = a.message_id and r.attempt = a.attempt and r.part is null and r.kind in ('accepted', 'deferred', 'rejected', 'unknown') offset 0)
        from unnest($1::int8[], $2::int2[], $3::text[]) f(message_id, attempt, provider)
        cross join lateral (
            select * from martlet_data.attempts a where a.message_id = f.message_id and a.attempt = f.attempt and a.provider = f.provider offset 0) a
        """
    }
    public func bind(_ parameters: inout PQParams) {
        parameters.messageIDs(messageIDs)
        parameters.int2Array(attempts)
        parameters.textArray(providers)
    }
    public static func read(_ rows: PQRows) throws -> [Found] {
        try rows.map {
            Found(
                messageID: try $0.messageID(0), attempt: try $0.int2(1), provider: try $0.text(2),
                admittedAt: try $0.timestamp(3),
                isAnswered: try $0.bool(4))
        }
    }
}
