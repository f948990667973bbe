import Domain
import Postgres

/// First statement of a transaction that keeps events: what it depends on of other transactions is seen by the statements after it.
///
/// The buckets (`EventLock.bucket`) of messages whose state follows from several receipts: two parts' receipts in two transactions must
/// not both miss the other. 256 of them, so that no batch exhausts the lock table. They must be sorted.
public struct EventLock: Statement {
    public var buckets: [Int32]
    public init(buckets: [Int32]) { self.buckets = buckets }

    public static func bucket(_ id: MessageID) -> Int32 {
        Int32(truncatingIfNeeded: (UInt64(bitPattern: id.rawValue) &* 0x9E37_79B9_7F4A_7C15) >> 56)
    }

    public var sql: String {
        """
        select count(pg_advisory_xact_lock(7340005, b)), set_config('synchronous_commit', 'on', true),
            set_config('idle_in_transaction_session_timeout', '5s', true)
        from unnest($1::int4[]) b
        """
    }
    public func bind(_ parameters: inout PQParams) { parameters.int4Array(buckets) }
}

/// What a provider said about messages, or parts of them, after its answer; what it has said before is passed over. Messages that retention
/// has dropped get nothing.
public struct InsertCarrierReceipts: Statement {
    public struct Row: Sendable, Hashable {
        public var messageID: MessageID
        public var attempt: Int16
        /// About the whole: accepted, delivered, undelivered, or evidence (enroute, unclear, bounced, complained, …). About a part:
        /// part_accepted, part_delivered, part_undelivered, enroute, unclear.
        public var kind: String
        /// From 1; 0: the whole message.
        public var part: Int16
        public var provider: String
        public var code: String?
        public var detail: String?
        public var reference: String?
        public init(
            messageID: MessageID, attempt: Int16, kind: String, part: Int16, provider: String, code: String? = nil,
            detail: String? = nil, reference: String? = nil
        ) {
            self.messageID = messageID
            self.attempt = attempt
            self.kind = kind
            self.part = part
            self.provider = provider
            self.code = code
            self.detail = detail
            self.reference = reference
        }
    }
    let rows: [Row]
    public var kinds: Set<String> { Set(rows.map(\.kind)) }
    /// Kinds that webhooks ask for: what is new of these becomes events, too.
    public var published: [String] = []

    /// Sorts them: two transactions with the same receipts must wait for each other in one order only.
    public init(_ rows: [Row]) {
        self.rows = rows.sorted {
            ($0.messageID, $0.attempt, $0.part, $0.kind) < ($1.messageID, $1.attempt, $1.part, $1.kind)
        }
    }

    public var sql: String {
        """
        insert into martlet_data.receipts (message_id, attempt, kind, part, provider, code, detail, reference)
        select * from unnest($1::int8[], $2::int2[], $3::text[], $4::int2[], $5::text[], $6::text[], $7::text[], $8::text[])
            i(message_id, attempt, kind, part, provider, code, detail, reference)
        where exists (select from martlet_data.messages m where m.id = i.message_id offset 0)
        on conflict do nothing
        """
        .publishing(published)
    }
    public func bind(_ parameters: inout PQParams) {
        parameters.messageIDs(rows.map(\.messageID))
        parameters.int2Array(rows.map(\.attempt))
        parameters.textArray(rows.map(\.kind))
        parameters.int2Array(rows.map(\.part))
        parameters.textArray(rows.map(\.provider))
        parameters.textArray(rows.map(\.code))
        parameters.textArray(rows.map(\.detail))
        parameters.textArray(rows.map(\.reference))
    }
}

/// What follows for whole messages from the receipts of their parts: accepted or delivered when all are, undelivered when one has failed
/// for good and was not delivered all the same. The same whatever the order. Under their `EventLock`.
public struct ConcludeParts: Statement {
    /// What may follow.
    public static let kinds: Set<String> = ["accepted", "delivered", "undelivered"]
    /// As of `InsertCarrierReceipts`.
    public var published: [String] = []
    var messageIDs: [MessageID] = []
    var attempts: [Int16] = []
    var parts: [Int16] = []
    var providers: [String] = []
    public init() {}
    public var isEmpty: Bool { messageIDs.isEmpty }

    /// - Parameter parts: how many there are. Add in the order of message and attempt, each once.
    public mutating func add(_ messageID: MessageID, attempt: Int16, parts: Int16, provider: String) {
        messageIDs.append(messageID)
        attempts.append(attempt)
        self.parts.append(parts)
        providers.append(provider)
    }

    public var sql: String {
        """
        insert into martlet_data.receipts (message_id, attempt, kind, part, provider, code, detail)
        select i.message_id, i.attempt, k.kind, 0, i.provider, case when k.kind = 'undelivered' then f.code end,
            case k.kind when 'undelivered' then format('%s of %s parts failed', f.failed, i.parts) else format('all %s parts', i.parts) end
        from unnest($1::int8[], $2::int2[], $3::int2[], $4::text[]) i(message_id, attempt, parts, provider)
        cross join lateral (
            select count(*) filter (where p.delivered) as delivered, count(*) filter (where p.accepted) as accepted,
                count(*) filter (where p.failed and not p.delivered) as failed, min(p.code) filter (where not p.delivered) as code
            from (select r.part, bool_or(r.kind = 'part_delivered') as delivered, bool_or(r.kind = 'part_accepted') as accepted,
                    bool_or(r.kind = 'part_undelivered') as failed, min(r.code) filter (where r.kind = 'part_undelivered') as code
                from martlet_data.receipts r where r.message_id = i.message_id and r.attempt = i.attempt and r.part > 0 group by r.part offset 0) p) f
        cross join lateral (values ('delivered', f.delivered >= i.parts), ('undelivered', f.failed > 0), ('accepted', f.accepted >= i.parts))
            k(kind, follows)
        where k.follows
        on conflict do nothing
        """
        .publishing(published)
    }
    public func bind(_ parameters: inout PQParams) {
        parameters.messageIDs(messageIDs)
        parameters.int2Array(attempts)
        parameters.int2Array(parts)
        parameters.textArray(providers)
    }
}

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

/// Suppresses the own addresses of messages: a report's address is the reporter's word.
public struct SuppressRecipients: Statement {
    var messageIDs: [MessageID] = []
    var scopes: [String] = []
    var reasons: [String] = []
    public init() {}
    public var isEmpty: Bool { messageIDs.isEmpty }
    public mutating func add(_ messageID: MessageID, scope: String, reason: String) {
        messageIDs.append(messageID)
        scopes.append(scope)
        reasons.append(reason)
    }
    public var sql: String {
        """
        insert into martlet_data.suppressions (channel, address, scope, reason)
        select distinct on (m.address, c.name, i.scope) c.name, m.address, i.scope, i.reason
        from unnest($1::int8[], $2::text[], $3::text[]) i(message_id, scope, reason)
        cross join lateral (select address, channel_id from martlet_data.messages m where m.id = i.message_id offset 0) m
        join martlet_data.channels c on c.id = m.channel_id
        order by m.address, c.name, i.scope, i.reason desc
        on conflict (address, channel, scope) where lifted_at is null do nothing
        """
    }
    public func bind(_ parameters: inout PQParams) {
        parameters.messageIDs(messageIDs)
        parameters.textArray(scopes)
        parameters.textArray(reasons)
    }
}

extension String {
    /// An insert into receipts that also makes events of the rows that are new and of these kinds; without kinds it is what it was.
    fileprivate func publishing(_ kinds: [String]) -> String {
        guard !kinds.isEmpty else { return self }
        let list = kinds.map { "'\($0.replacing("'", with: "''"))'" }.joined(separator: ", ")
        return """
            with new as (\(self) returning message_id, attempt, kind, provider, code)
            select martlet_data.publish_receipts(array_agg(kind), array_agg(message_id), array_agg(attempt), array_agg(provider), array_agg(code))
            from (select * from new where kind in (\(list)) order by message_id, attempt, kind offset 0) n having count(*) > 0
            """
    }
}
