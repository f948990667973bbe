import Domain
import Postgres

/// What was asked of these addresses and may still be answered: the newest ten of each, newest first. What a provider certainly did not take
/// was not asked.
public struct FindSurveys: Statement {
    public var addresses: [String] = []
    public var channels: [String] = []
    public init() {}
    public var isEmpty: Bool { addresses.isEmpty }
    public mutating func add(_ address: String, channel: Channel) {
        addresses.append(address)
        channels.append(channel.rawValue)
    }

    public struct Found: Sendable, Hashable {
        public var messageID: MessageID
        public var address: String
        public var channel: Channel
        public var sender: String
        /// A yes confirms a consent.
        public var confirms: Bool
        /// Name of an answer: the words that give it.
        public var answers: [String: [String]]

        public init(
            messageID: MessageID, address: String, channel: Channel, sender: String, confirms: Bool = false,
            answers: [String: [String]]
        ) {
            self.messageID = messageID
            self.address = address
            self.channel = channel
            self.sender = sender
            self.confirms = confirms
            self.answers = answers
        }
    }

    public var sql: String {
        """
        select s.message_id, f.address, s.channel, s.sender, t.confirms is not null, \(SurveyColumns.sql)
        from (select distinct * from unnest($1::text[], $2::text[]) f(address, channel)) f
        cross join lateral (
            select * from martlet_data.surveys s where s.address_key = martlet_data.address_key(f.address) and s.channel = f.channel and s.until > now() and not exists (
                select from martlet_data.receipts r where r.message_id = s.message_id and r.attempt = s.attempt and r.kind in ('deferred', 'rejected') offset 0)
            order by s.opened_at desc limit 10) s
        join martlet_data.templates t on t.key = s.template and t.channel = s.channel and t.locale = s.locale and t.version = s.version
        order by s.opened_at desc
        """
    }
    public func bind(_ parameters: inout PQParams) {
        parameters.textArray(addresses)
        parameters.textArray(channels)
    }
    public static func read(_ rows: PQRows) throws -> [Found] {
        try rows.map {
            Found(
                messageID: try $0.messageID(0), address: try $0.text(1), channel: Channel(rawValue: try $0.text(2)),
                sender: try $0.text(3), confirms: try $0.bool(4), answers: try SurveyColumns.read($0, from: 5))
        }
    }
}
