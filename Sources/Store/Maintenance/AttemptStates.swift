import Domain
import Postgres

/// Attempts of messages and what is known of them; read in a statement after the lock.
public struct AttemptStates: Statement {
    public var messageIDs: [MessageID]
    public init(messageIDs: [MessageID]) { self.messageIDs = messageIDs }
    public struct State: Sendable {
        public var messageID: MessageID
        public var attempt: Int16
        public var provider: String
        /// nil: there is no answer; else accepted, deferred, rejected or unknown.
        public var outcome: String?
        public var reference: String?
    }
    public var sql: String {
        """
        select a.message_id, a.attempt, a.provider, o.kind, o.reference from martlet_data.attempts a
        left join lateral (select r.kind, r.reference from martlet_data.receipts r where r.message_id = a.message_id and r.attempt = a.attempt
            and r.kind in ('accepted', 'deferred', 'rejected', 'unknown') order by (r.kind = 'accepted') desc, (r.kind <> 'unknown') desc limit 1) o on true
        where a.message_id = any ($1)
        """
    }
    public func bind(_ parameters: inout PQParams) { parameters.messageIDs(messageIDs) }
    public static func read(_ rows: PQRows) throws -> [State] {
        try rows.map {
            State(
                messageID: try $0.messageID(0), attempt: try $0.int2(1), provider: try $0.text(2), outcome: try $0.textOrNull(3),
                reference: try $0.textOrNull(4))
        }
    }
}
