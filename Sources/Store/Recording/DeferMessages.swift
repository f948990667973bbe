import Domain
import Postgres

/// Defers leased messages to a later instant, with the reason and, where a provider answered, its receipt.
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
    ///   - receipt: `postponed` (no provider was asked), the outcome of that attempt (deferred, unknown), or nil for a pause that is
    ///     of no interest to people (the provider has no room).
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
