import Domain
import Postgres

/// What a provider said about messages, or parts of them, after its answer; what it has said before is passed over. Messages that retention
/// has dropped get nothing.
public struct InsertCarrierReceipts: Statement {
    public struct Row: Sendable, Hashable {
        public var messageID: MessageID
        public var attempt: Int16
        /// About the whole: accepted, delivered, undelivered, or evidence (enroute, unclear, bounced, complained, …). About a part:
        /// part_accepted, part_delivered, part_undelivered, enroute, unclear.
        public var kind: String
        /// From 1; 0: the whole message.
        public var part: Int16
        public var provider: String
        public var code: String?
        public var detail: String?
        public var reference: String?
        public init(
            messageID: MessageID, attempt: Int16, kind: String, part: Int16, provider: String, code: String? = nil,
            detail: String? = nil, reference: String? = nil
        ) {
            self.messageID = messageID
            self.attempt = attempt
            self.kind = kind
            self.part = part
            self.provider = provider
            self.code = code
            self.detail = detail
            self.reference = reference
        }
    }
    let rows: [Row]
    public var kinds: Set<String> { Set(rows.map(\.kind)) }
    /// Kinds that webhooks ask for: what is new of these becomes events, too.
    public var published: [String] = []

    /// Sorts them: two transactions with the same receipts must wait for each other in one order only.
    public init(_ rows: [Row]) {
        self.rows = rows.sorted {
            ($0.messageID, $0.attempt, $0.part, $0.kind) < ($1.messageID, $1.attempt, $1.part, $1.kind)
        }
    }

    public var sql: String {
        """
        insert into martlet_data.receipts (message_id, attempt, kind, part, provider, code, detail, reference)
        select * from unnest($1::int8[], $2::int2[], $3::text[], $4::int2[], $5::text[], $6::text[], $7::text[], $8::text[])
            i(message_id, attempt, kind, part, provider, code, detail, reference)
        where exists (select from martlet_data.messages m where m.id = i.message_id offset 0)
        on conflict do nothing
        """
        .publishing(published)
    }
    public func bind(_ parameters: inout PQParams) {
        parameters.messageIDs(rows.map(\.messageID))
        parameters.int2Array(rows.map(\.attempt))
        parameters.textArray(rows.map(\.kind))
        parameters.int2Array(rows.map(\.part))
        parameters.textArray(rows.map(\.provider))
        parameters.textArray(rows.map(\.code))
        parameters.textArray(rows.map(\.detail))
        parameters.textArray(rows.map(\.reference))
    }
}
