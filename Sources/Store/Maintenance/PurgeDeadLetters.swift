import Postgres

/// Discards dead letters that died longer ago than `keep`, a bounded number at a time, with a receipt each and a line in the audit; answers how many.
public struct PurgeDeadLetters: Statement {
    public var keep: Duration
    public init(keep: Duration) { self.keep = keep }
    public var sql: String {
        """
        with gone as (delete from martlet_data.dead_letters where message_id = any (array(
                select d.message_id from martlet_data.dead_letters d where d.died_at < clock_timestamp() - $1::interval order by d.died_at limit 10000)) returning message_id, reason),
            ended as (insert into martlet_data.receipts (message_id, kind, code, detail, actor)
                select message_id, 'discarded', reason, 'kept for as long as dead letters are', session_user from gone),
            noted as (insert into martlet_data.audit (action, object, why, detail)
                select 'discard', count(*) || ' dead letters', 'retention', jsonb_build_object('older_than', $1::interval) from gone having count(*) > 0)
        select count(*) from gone
        """
    }
    public func bind(_ parameters: inout PQParams) { parameters.interval(keep) }
    public static func read(_ rows: PQRows) throws -> Int64 { try rows.only.int8(0) }
}
