import Domain
import Postgres

/// Puts dead letters in doubt back to work of which it is known by now that nothing was written: the worker that had them was taken for dead and has
/// said so since. Answers their ids.
///
/// After the receipts that say so. Not where another try may have arrived, nor where the body was erased. A message whose time is over ends as
/// `expired` when it is claimed.
public struct ReopenUnsent: Statement {
    public var messageIDs: [MessageID]
    public init(messageIDs: [MessageID]) { self.messageIDs = messageIDs }

    public var sql: String {
        """
        with gone as (
            delete from martlet_data.dead_letters d
            where d.message_id = any ($1) and d.reason = 'in_doubt' and not \(UnknownOutcome.exists(in: "d.message_id"))
                and not exists (select from martlet_data.classes c where c.name = d.class and c.erases_body)
                and exists (select from martlet_data.messages m where m.id = d.message_id)
            returning d.message_id, d.lane, d.attempt, d.series),
        back as (
            insert into martlet_data.ready (slot, seq, message_id, attempt, burned, series)
            select (pg_sequence_last_value(a.cursor) & 4095)::int2, nextval('martlet_data.message_seq'), g.message_id, g.attempt,
                (select count(*) from martlet_data.attempts t where t.message_id = g.message_id and not exists (
                    select from martlet_data.receipts r where r.message_id = t.message_id and r.attempt = t.attempt and r.code = 'not_sent')),
                g.series
            from gone g join martlet_data.lanes a on a.lane = g.lane order by g.message_id),
        audited as (
            insert into martlet_data.audit (action, object, why, detail)
            select 'reopen_unsent', message_id::text, 'its worker was taken for dead, and has said since that nothing was written', '{}' from gone)
        select message_id from gone
        """
    }
    public func bind(_ parameters: inout PQParams) { parameters.messageIDs(messageIDs) }
    public static func read(_ rows: PQRows) throws -> [MessageID] { try rows.map { try $0.messageID(0) } }
}
