import Domain
import Postgres

/// Messages that a provider has accepted, without anybody having sent them; answers the first id, the others follow it one by one. For
/// the load generator, as the owner of the tables.
public struct SeedHandOvers: Statement {
    public var count: Int64
    public var provider: String
    public init(count: Int64, provider: String) {
        self.count = count
        self.provider = provider
    }
    public var sql: String {
        """
        with base as materialized (select martlet_data.first_id(clock_timestamp()) as first),
        messages as (
            insert into martlet_data.messages (id, class_id, channel_id, recipient_key, address, template, variables, producer, created_at, expires_at)
            select first + n, coalesce((select min(id) from martlet_data.classes), 1::int2), (select id from martlet_data.channels where name = 'sms'), 'load-' || n,
                '+86139' || 10000000 + n, 'load', '{}', session_user, clock_timestamp(), clock_timestamp() + interval '1 day'
            from base, generate_series(0, $1::int8 - 1) n returning id),
        attempts as (
            insert into martlet_data.attempts (message_id, attempt, provider, session, admitted_at, send_by, template_version, segments)
            select id, 1, $2, 1, clock_timestamp(), clock_timestamp(), 1, 1 from messages),
        receipts as (insert into martlet_data.receipts (message_id, kind, attempt, provider) select id, 'accepted', 1, $2 from messages)
        select first from base
        """
    }
    public func bind(_ parameters: inout PQParams) {
        parameters.int8(count)
        parameters.text(provider)
    }
    public static func read(_ rows: PQRows) throws -> MessageID { try rows.only.messageID(0) }
}
