import Domain
import Postgres

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
