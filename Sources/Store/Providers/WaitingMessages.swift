import Domain
import Postgres

/// Messages that wait, ready or due, with what decides about their provider; at most `limit`.
public struct WaitingMessages: Statement {
    public var limit: Int64
    public init(limit: Int64) { self.limit = limit }

    public var sql: String {
        """
        select m.id, c.name, h.name, m.address, m.sender
        from ((select message_id from martlet_data.ready limit $1) union all (select message_id from martlet_data.due limit $1) limit $1) w
            join martlet_data.messages m on m.id = w.message_id join martlet_data.classes c on c.id = m.class_id
            join martlet_data.channels h on h.id = m.channel_id
        """
    }
    public func bind(_ parameters: inout PQParams) { parameters.int8(limit) }
    /// Nothing but what routes look at is filled in.
    public static func read(_ rows: PQRows) throws -> [Message] {
        let epoch = Timestamp(microseconds: 0)
        return try rows.map {
            Message(
                id: try $0.messageID(0), messageClass: try $0.text(1), channel: Channel(rawValue: try $0.text(2)),
                recipientKey: "",
                address: try $0.text(3), template: "", sender: try $0.textOrNull(4), createdAt: epoch, expiresAt: epoch)
        }
    }
}
