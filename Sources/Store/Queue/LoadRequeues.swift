import Domain
import Postgres

/// Expiry, variables and provider that an admin set when requeuing.
public struct LoadRequeues: Statement {
    public var messageIDs: [MessageID]
    public init(messageIDs: [MessageID]) { self.messageIDs = messageIDs }

    public struct Override: Sendable {
        public var messageID: MessageID
        public var series: Int16
        public var expiresAt: Timestamp
        public var variables: String?
        public var provider: String?
        /// An admin has read the text that a word list held.
        public var approvesWords: Bool
    }

    public var sql: String {
        """
        select distinct on (message_id) message_id, series, expires_at, variables, provider, approve_words
        from martlet_data.requeues where message_id = any ($1) order by message_id, series desc
        """
    }
    public func bind(_ parameters: inout PQParams) { parameters.messageIDs(messageIDs) }
    public static func read(_ rows: PQRows) throws -> [Override] {
        try rows.map {
            Override(
                messageID: try $0.messageID(0), series: try $0.int2(1), expiresAt: try $0.timestamp(2),
                variables: try $0.jsonbOrNull(3),
                provider: try $0.textOrNull(4), approvesWords: try $0.bool(5))
        }
    }
}
