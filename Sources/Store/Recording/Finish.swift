import Domain
import Postgres

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
