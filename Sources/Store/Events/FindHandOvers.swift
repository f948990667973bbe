import Domain
import Postgres

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
