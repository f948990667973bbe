import Domain
import Postgres

/// Erases the bodies of those of the messages whose class demands it and that are final by now; a later statement than the one that
/// ended them. What this worker could not end, because its lease was lost, is still to be sent and keeps its body.
public struct EraseBodies: Statement {
    public var messageIDs: [MessageID]
    public init(messageIDs: [MessageID]) { self.messageIDs = messageIDs }
    public var sql: String {
        """
        update martlet_data.messages m set variables = '{}', headers = null
        where m.id = any ($1) and m.variables::text <> '{}' and (select c.erases_body from martlet_data.classes c where c.id = m.class_id)
            and (exists (select from martlet_data.dead_letters d where d.message_id = m.id)
                or exists (select from martlet_data.receipts r where r.message_id = m.id and not r.stale
                    and r.kind in ('accepted', 'delivered', 'undelivered', 'suppressed', 'capped', 'expired', 'cancelled')
                    and r.at > coalesce((select max(q.requeued_at) from martlet_data.requeues q where q.message_id = m.id), '-infinity')))
        """
    }
    public func bind(_ parameters: inout PQParams) { parameters.messageIDs(messageIDs) }
}
