import Domain
import Postgres

/// A leased row with what a finishing statement needs to find it: place, message, session, claim.
public struct LeaseKeys: Sendable {
    var rows: [LeasedRow] = []
    var messageIDs: [MessageID] = []
    var sessions: [Int32] = []
    var claims: [Int32] = []

    mutating func add(_ lease: Lease) {
        rows.append(lease.row)
        messageIDs.append(lease.messageID)
        sessions.append(lease.session)
        claims.append(lease.claim)
    }

    /// `$1 … $4`; a deletion from `leased_<slot>` guarded by them. Answers all of `input` that later parts need, so that none of them joins
    /// it again: a plan made for ten rows would compare each of 500 with each.
    static func gone(part: Int16, returning columns: String) -> String {
        """
        gone as (
            delete from martlet_data.leased_\(part) l using input i
            where l.ctid = i.tid and l.message_id = i.message_id and l.session = i.session and l.claim = i.claim
            returning i.n, i.message_id, \(columns))
        """
    }

    func bind(_ parameters: inout PQParams) {
        parameters.rows(rows)
        parameters.messageIDs(messageIDs)
        parameters.int4Array(sessions)
        parameters.int4Array(claims)
    }
}

/// Ends messages: the leased row goes, a receipt says how. Of a lease that was lost the receipt is kept as evidence (`stale`), and
/// nothing moves. Answers the ids that did move.
public struct Finish: Statement {
    public var part: Int16
    var keys = LeaseKeys()
    var kinds: [String] = []
    var attempts: [Int16?] = []
    var providers: [String?] = []
    var codes: [String?] = []
    var details: [String?] = []
    var references: [String?] = []

    public init(part: Int16) { self.part = part }
    public var count: Int { kinds.count }

    /// - Parameter kind: accepted, suppressed, capped, expired or cancelled.
    public mutating func add(
        _ lease: Lease, kind: String, attempt: Int16? = nil, provider: String? = nil, code: String? = nil, detail: String? = nil,
        reference: String? = nil
    ) {
        keys.add(lease)
        kinds.append(kind)
        attempts.append(attempt)
        providers.append(provider)
        codes.append(code)
        details.append(detail)
        references.append(reference)
    }

    public var sql: String {
        """
        with input as materialized (
            select * from unnest($1::tid[], $2::int8[], $3::int4[], $4::int4[], $5::text[], $6::int2[], $7::text[], $8::text[], $9::text[], $10::text[])
                with ordinality i(tid, message_id, session, claim, kind, attempt, provider, code, detail, reference, n)),
        \(LeaseKeys.gone(part: part, returning: "l.lane")),
        written as (
            insert into martlet_data.receipts (message_id, kind, attempt, provider, code, detail, reference, stale)
            select i.message_id, i.kind, i.attempt, i.provider, i.code, i.detail, i.reference, i.n not in (select g.n from gone g)
            from input i)
        select message_id from gone
        """
    }
    public func bind(_ parameters: inout PQParams) {
        keys.bind(&parameters)
        parameters.textArray(kinds)
        parameters.int2Array(attempts)
        parameters.textArray(providers)
        parameters.textArray(codes)
        parameters.textArray(details)
        parameters.textArray(references)
    }
    public static func read(_ rows: PQRows) throws -> [MessageID] { try rows.map { try $0.messageID(0) } }
}

/// The usual end, as cheap as it goes: messages that their provider accepted, of one session, nothing more to say about any.
///
/// Place, session and claim name a leased row; count and exclusive or of the ids prove that exactly these went. Otherwise a lease was
/// lost: `StoreError.isLeaseLost`, nothing has happened, and `Finish` must look at each message. No join of two unnested arrays:
/// deleting and writing by arrays alone costs half.
public struct FinishAccepted: Statement {
    public var part: Int16
    public var session: Int32
    var rows: [LeasedRow] = []
    var claims: [Int32] = []
    var messageIDs: [MessageID] = []
    var attempts: [Int16] = []
    var providers: [String] = []
    var references: [String?] = []

    public init(part: Int16, session: Int32) {
        self.part = part
        self.session = session
    }
    public var count: Int { messageIDs.count }

    public mutating func add(_ lease: Lease, attempt: Int16, provider: String, reference: String?) {
        rows.append(lease.row)
        if claims.last != lease.claim && !claims.contains(lease.claim) { claims.append(lease.claim) }
        messageIDs.append(lease.messageID)
        attempts.append(attempt)
        providers.append(provider)
        references.append(reference)
    }

    public var sql: String {
        """
        with gone as (
            delete from martlet_data.leased_\(part) where ctid = any ($1::tid[]) and session = $2 and claim = any ($3::int4[])
            returning message_id),
        written as (
            insert into martlet_data.receipts (message_id, kind, attempt, provider, reference)
            select unnest($4::int8[]), 'accepted', unnest($5::int2[]), unnest($6::text[]), unnest($7::text[]))
        select martlet_data.check_leases(count(*), $8, bit_xor(message_id), $9) from gone
        """
    }
    public func bind(_ parameters: inout PQParams) {
        parameters.rows(rows)
        parameters.int4(session)
        parameters.int4Array(claims)
        parameters.messageIDs(messageIDs)
        parameters.int2Array(attempts)
        parameters.textArray(providers)
        parameters.textArray(references)
        parameters.int8(Int64(messageIDs.count))
        parameters.int8(messageIDs.reduce(0) { $0 ^ $1.rawValue })
    }
}

/// Puts leased messages off to a later instant, with the reason and, where a provider answered, its receipt.
public struct DeferMessages: Statement {
    public var part: Int16
    var keys = LeaseKeys()
    var dueAts: [Timestamp] = []
    var reasons: [String] = []
    var attempts: [Int16] = []
    var countedAttempts: [Int16] = []
    var resends: [Int16] = []
    var workerCrashes: [Int16] = []
    var kinds: [String?] = []
    var answered: [Int16?] = []
    var providers: [String?] = []
    var codes: [String?] = []
    var details: [String?] = []

    public init(part: Int16) { self.part = part }
    public var count: Int { dueAts.count }

    /// - Parameters:
    ///   - attempt: number of its last attempt by now.
    ///   - receipt: `postponed` (nobody was asked), the outcome of that attempt (deferred, unknown), or nil for a pause that is
    ///     nobody's business (the provider has no room).
    public mutating func add(
        _ lease: Lease, until: Timestamp, reason: String, attempt: Int16, countedAttempts: Int16, resends: Int16,
        workerCrashes: Int16? = nil,
        receipt: String?, answeredAttempt: Int16? = nil, provider: String? = nil, code: String? = nil, detail: String? = nil
    ) {
        keys.add(lease)
        dueAts.append(until)
        reasons.append(reason)
        attempts.append(attempt)
        self.countedAttempts.append(countedAttempts)
        self.resends.append(resends)
        self.workerCrashes.append(workerCrashes ?? lease.workerCrashes)
        kinds.append(receipt)
        answered.append(answeredAttempt)
        providers.append(provider)
        codes.append(code)
        details.append(detail)
    }

    public var sql: String {
        """
        with input as materialized (
            select * from unnest($1::tid[], $2::int8[], $3::int4[], $4::int4[], $5::timestamptz[], $6::text[], $7::int2[], $8::int2[], $9::int2[],
                $10::int2[], $11::text[], $12::int2[], $13::text[], $14::text[], $15::text[])
                with ordinality i(tid, message_id, session, claim, due_at, reason, attempt, burned, resends, deaths, kind, answered, provider, code, detail, n)),
        \(LeaseKeys.gone(part: part, returning: "l.lane, l.series, i.due_at, i.attempt, i.burned, i.resends, i.deaths, i.reason")),
        off as (
            insert into martlet_data.due (slot, due_at, message_id, lane, attempt, burned, resends, deaths, series, reason)
            select (pg_sequence_last_value('martlet_data.due_cursor') & 4095)::int2, due_at, message_id, lane, attempt, burned, resends, deaths, series,
                reason
            from gone),
        written as (
            insert into martlet_data.receipts (message_id, kind, attempt, provider, code, detail, stale)
            select i.message_id, i.kind, i.answered, i.provider, i.code, i.detail, i.n not in (select g.n from gone g)
            from input i where i.kind is not null)
        select message_id from gone
        """
    }
    public func bind(_ parameters: inout PQParams) {
        keys.bind(&parameters)
        parameters.timestamps(dueAts)
        parameters.textArray(reasons)
        parameters.int2Array(attempts)
        parameters.int2Array(countedAttempts)
        parameters.int2Array(resends)
        parameters.int2Array(workerCrashes)
        parameters.textArray(kinds)
        parameters.int2Array(answered)
        parameters.textArray(providers)
        parameters.textArray(codes)
        parameters.textArray(details)
    }
    public static func read(_ rows: PQRows) throws -> [MessageID] { try rows.map { try $0.messageID(0) } }
}

/// Receipts of attempts whose message moves by another statement of the same transaction (hand-back, dead letter).
public struct InsertReceipts: Statement {
    var messageIDs: [MessageID] = []
    var kinds: [String] = []
    var attempts: [Int16?] = []
    var providers: [String?] = []
    var codes: [String?] = []
    var details: [String?] = []
    public init() {}
    public var isEmpty: Bool { kinds.isEmpty }
    public mutating func add(
        _ messageID: MessageID, kind: String, attempt: Int16?, provider: String? = nil, code: String? = nil, detail: String? = nil
    ) {
        messageIDs.append(messageID)
        kinds.append(kind)
        attempts.append(attempt)
        providers.append(provider)
        codes.append(code)
        details.append(detail)
    }
    public var sql: String {
        """
        insert into martlet_data.receipts (message_id, kind, attempt, provider, code, detail)
        select * from unnest($1::int8[], $2::text[], $3::int2[], $4::text[], $5::text[], $6::text[])
        """
    }
    public func bind(_ parameters: inout PQParams) {
        parameters.messageIDs(messageIDs)
        parameters.textArray(kinds)
        parameters.int2Array(attempts)
        parameters.textArray(providers)
        parameters.textArray(codes)
        parameters.textArray(details)
    }
}
