import Domain
import Postgres

/// Which of these messages were cancelled, or have expired, by now.
public struct MessagesThatAreOver: Statement {
    public var messageIDs: [MessageID]
    public init(messageIDs: [MessageID]) { self.messageIDs = messageIDs }
    public struct Row: Sendable {
        public var messageID: MessageID
        public var classID: Int16
        /// cancelled, expired.
        public var kind: String
        /// An earlier try may have arrived.
        public var hasUnknownOutcome: Bool
    }
    public var sql: String {
        """
        select o.id, o.class_id, o.kind, \(UnknownOutcome.exists(in: "o.id")) from (
            select m.id, m.class_id, case when exists (select from martlet_data.cancellations c where c.message_id = m.id)
                    or exists (select from martlet_data.group_cancellations g where g.group_key = m.group_key and g.producer in ('*', m.producer) and g.cancelled_at >= m.created_at)
                then 'cancelled'
                when coalesce((select q.expires_at from martlet_data.requeues q where q.message_id = m.id order by q.series desc limit 1), m.expires_at) <= clock_timestamp()
                then 'expired' end as kind
            from martlet_data.messages m where m.id = any ($1) and m.id between $2 and $3) o
        where o.kind is not null
        """
    }
    public func bind(_ parameters: inout PQParams) {
        parameters.messageIDs(messageIDs)
        parameters.int8(messageIDs.map(\.rawValue).min() ?? 0)
        parameters.int8(messageIDs.map(\.rawValue).max() ?? 0)
    }
    public static func read(_ rows: PQRows) throws -> [Row] {
        try rows.map {
            Row(messageID: try $0.messageID(0), classID: try $0.int2(1), kind: try $0.text(2), hasUnknownOutcome: try $0.bool(3))
        }
    }
}
