import Domain
import Postgres

/// Whose link it is that somebody followed: a token is believed only together with the address.
public struct FindUnsubscribing: Statement {
    public var messageID: MessageID
    public init(messageID: MessageID) { self.messageID = messageID }
    public struct Found: Sendable {
        public var address: String
        public var channel: String
        public var messageClass: String
    }
    public var sql: String {
        """
        select m.address, c.name, k.name from (select id, address, channel_id, class_id from martlet_data.messages where id = $1 offset 0) m
        join martlet_data.channels c on c.id = m.channel_id join martlet_data.classes k on k.id = m.class_id
        """
    }
    public func bind(_ parameters: inout PQParams) { parameters.int8(messageID.rawValue) }
    public static func read(_ rows: PQRows) throws -> Found? {
        try rows.first.map { Found(address: try $0.text(0), channel: try $0.text(1), messageClass: try $0.text(2)) }
    }
}
