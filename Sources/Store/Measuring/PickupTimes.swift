import Domain
import Postgres

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
