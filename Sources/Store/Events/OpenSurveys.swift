import Domain
import Postgres

/// Messages that ask something, from their admission on; part of Admit's transaction.
public struct OpenSurveys: Statement {
    public struct Row: Sendable {
        public var messageID: MessageID
        public var attempt: Int16
        public var channel: Channel
        public var address: String
        /// Who asks, as the recipient sees it.
        public var sender: String
        public var template: Template
        public var openedAt: Timestamp
        public var until: Timestamp
        public init(
            messageID: MessageID, attempt: Int16, channel: Channel, address: String, sender: String, template: Template,
            openedAt: Timestamp, until: Timestamp
        ) {
            self.messageID = messageID
            self.attempt = attempt
            self.channel = channel
            self.address = address
            self.sender = sender
            self.template = template
            self.openedAt = openedAt
            self.until = until
        }
    }
    public var rows: [Row] = []
    public init() {}

    public var sql: String {
        """
        insert into martlet_data.surveys (message_id, attempt, channel, address, sender, template, locale, version, opened_at, until)
        select * from unnest($1::int8[], $2::int2[], $3::text[], $4::text[], $5::text[], $6::text[], $7::text[], $8::int4[], $9::timestamptz[], $10::timestamptz[])
        on conflict (message_id) do update set attempt = excluded.attempt, sender = excluded.sender, locale = excluded.locale, version = excluded.version,
            opened_at = excluded.opened_at, until = excluded.until
        """
    }
    public func bind(_ parameters: inout PQParams) {
        parameters.messageIDs(rows.map(\.messageID))
        parameters.int2Array(rows.map(\.attempt))
        parameters.textArray(rows.map(\.channel.rawValue))
        parameters.textArray(rows.map(\.address))
        parameters.textArray(rows.map(\.sender))
        parameters.textArray(rows.map(\.template.key))
        parameters.textArray(rows.map(\.template.locale))
        parameters.int4Array(rows.map { Int32(clamping: $0.template.version) })
        parameters.timestamps(rows.map(\.openedAt))
        parameters.timestamps(rows.map(\.until))
    }
}
