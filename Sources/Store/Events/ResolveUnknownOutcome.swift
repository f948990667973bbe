import Domain
import Postgres

/// Removes dead letters that a receipt has settled, and writes that into the audit: the provider has the message (accepted, delivered), whatever
/// became of later tries; or it was in doubt, and every try that may have arrived has failed. Answers their ids.
public struct ResolveUnknownOutcome: Statement {
    public var messageIDs: [MessageID]
    public init(messageIDs: [MessageID]) { self.messageIDs = messageIDs }
    public var sql: String {
        """
        with resolved as materialized (
            select i.message_id, coalesce(t.kind, 'undelivered') as kind from unnest($1::int8[]) i(message_id)
            join lateral (select d.reason from martlet_data.dead_letters d where d.message_id = i.message_id offset 0) d on true
            left join lateral (select r.kind from martlet_data.receipts r where r.message_id = i.message_id and r.kind in ('accepted', 'delivered')
                order by r.kind desc limit 1) t on true
            where t.kind is not null or d.reason = 'in_doubt' and not exists (
                select from martlet_data.attempts a where a.message_id = i.message_id and not exists (
                    select from martlet_data.receipts r where r.message_id = a.message_id and r.attempt = a.attempt
                        and r.kind in ('deferred', 'rejected', 'undelivered')))),
        gone as (
            delete from martlet_data.dead_letters d where d.message_id = any (array(select message_id from resolved))
            returning d.message_id),
        audited as (
            insert into martlet_data.audit (action, object, why, detail)
            select 'resolve_doubt', g.message_id::text, 'the provider said what became of it', jsonb_build_object('state', r.kind)
            from gone g join resolved r using (message_id))
        select message_id from gone
        """
    }
    public func bind(_ parameters: inout PQParams) { parameters.messageIDs(messageIDs) }
    public static func read(_ rows: PQRows) throws -> [MessageID] { try rows.map { try $0.messageID(0) } }
}
