import Domain
import Postgres

/// What the links of a message lead to; nil: it has none, or its day is gone.
public struct FindMessageLinks: Statement {
    public var messageID: MessageID
    public init(messageID: MessageID) { self.messageID = messageID }
    public struct Found: Sendable {
        public var targets: [String]
        public var isExpired: Bool
    }
    public var sql: String {
        "select targets, expires_at <= clock_timestamp() from martlet_data.message_links where message_id = $1"
    }
    public func bind(_ parameters: inout PQParams) { parameters.int8(messageID.rawValue) }
    public static func read(_ rows: PQRows) throws -> Found? {
        try rows.first.map { Found(targets: try $0.textArray(0), isExpired: try $0.bool(1)) }
    }
}
