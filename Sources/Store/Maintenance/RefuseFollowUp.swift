import Domain
import Postgres

/// Refuses the follow-up that is due first and that no session holds: the database refuses to decide it. Answers its message.
public struct RefuseFollowUp: Statement {
    public init() {}
    public var sql: String {
        """
        update martlet_data.follow_ups set state = 'refused', why = 'data_error', decided_at = clock_timestamp(), variables = null
        where message_id = (select d.message_id from martlet_data.follow_ups d where d.state = 'open' and d.due_at <= clock_timestamp()
            and not exists (select from martlet_data.link_visits v where v.message_id = d.message_id and v.machine is null and v.at > clock_timestamp() - interval '1 minute')
            order by d.due_at limit 1 for update skip locked)
        returning message_id
        """
    }
    public func bind(_ parameters: inout PQParams) {}
    public static func read(_ rows: PQRows) throws -> MessageID? { try rows.first?.messageID(0) }
}
