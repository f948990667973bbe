import Domain
import Postgres

/// Moves leased messages to the dead letters, with body and history. Answers the ids that moved.
///
/// Not those that are settled (`UnknownOutcome.settledBy`): a receipt may have come before whatever this worker has to say, and it decides. That an
/// earlier try failed does not hide that a later one was refused; but a try that was reported as undelivered stays so, refused or not.
public struct InsertDeadLetters: Statement {
    public var part: Int16
    /// False: what jsonb cannot hold stays where it is, and the dead letter has neither variables nor headers.
    public var withBodies: Bool
    var keys = LeaseKeys()
    var attempts: [Int16] = []
    var providers: [String?] = []
    var reasons: [String] = []
    var explanations: [String] = []
    var remedies: [String] = []

    public init(part: Int16, withBodies: Bool = true) {
        self.part = part
        self.withBodies = withBodies
    }
    public var count: Int { reasons.count }

    public mutating func add(_ lease: Lease, attempt: Int16, provider: String?, reason: DeadLetterReason) {
        keys.add(lease)
        attempts.append(attempt)
        providers.append(provider)
        reasons.append(reason.code)
        explanations.append(reason.explanation)
        remedies.append(reason.remedy)
    }

    public var sql: String {
        """
        with input as materialized (
            select * from unnest($1::tid[], $2::int8[], $3::int4[], $4::int4[], $5::int2[], $6::text[], $7::text[], $8::text[], $9::text[])
                with ordinality i(tid, message_id, session, claim, attempt, provider, reason, explanation, remedy, n)),
        \(LeaseKeys.gone(part: part, returning: "l.lane, l.series, i.attempt, i.provider, i.reason, i.explanation, i.remedy")),
        judged as materialized (
            select g.*, s.kind as settled_by from gone g left join lateral (\(UnknownOutcome.settledBy("g.message_id"))) s
                on s.kind <> 'undelivered' or s.attempt >= g.attempt or g.reason not like 'rejected%' and g.reason <> 'attempts_exhausted'),
        written as (
            insert into martlet_data.receipts (message_id, kind, provider, code, detail)
            select message_id, coalesce(settled_by, 'dead'), provider, case when settled_by is null then reason else 'earlier_attempt' end,
                case when settled_by is null then explanation end
            from judged),
        dead as (
            insert into martlet_data.dead_letters (message_id, class, channel, recipient_key, address, template, provider, reason, explanation, remedy,
                lane, attempt, series, message, history)
            select g.message_id, coalesce(c.name, '?'), coalesce(h.name, '?'), coalesce(m.recipient_key, '?'), coalesce(m.address, '?'),
                coalesce(m.template, '?'), g.provider, g.reason, g.explanation, g.remedy, coalesce(c.lane, g.lane), g.attempt, g.series,
                case when m.id is null then '{}' else \(withBodies ? Self.body : Self.noBody) end,
                coalesce((select jsonb_agg(to_jsonb(r) order by r.at) from martlet.receipts r where r.message_id = g.message_id), '[]')
            from judged g left join martlet_data.messages m on m.id = g.message_id
            left join martlet_data.classes c on c.id = m.class_id left join martlet_data.channels h on h.id = m.channel_id
            where g.settled_by is null
            on conflict (message_id) do nothing)
        select message_id from gone
        """
    }
    private static let body = #"case when c.erases_body then \#(noBody) else to_jsonb(m) end"#
    private static let noBody = """
        jsonb_build_object('id', m.id, 'class_id', m.class_id, 'channel_id', m.channel_id, 'recipient_key', m.recipient_key, 'address', m.address,
                    'template', m.template, 'locale', m.locale, 'sender', m.sender, 'time_zone', m.time_zone, 'tier', m.tier, 'group_key', m.group_key,
                    'variables', '{}'::jsonb, 'headers', null, 'traceparent', m.traceparent, 'producer', m.producer, 'created_at', m.created_at,
                    'expires_at', m.expires_at, 'scheduled_at', m.scheduled_at)
        """
    public func bind(_ parameters: inout PQParams) {
        keys.bind(&parameters)
        parameters.int2Array(attempts)
        parameters.textArray(providers)
        parameters.textArray(reasons)
        parameters.textArray(explanations)
        parameters.textArray(remedies)
    }
    public static func read(_ rows: PQRows) throws -> [MessageID] { try rows.map { try $0.messageID(0) } }
}
