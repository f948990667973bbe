import Domain
import Postgres

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
