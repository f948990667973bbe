import Domain
import Postgres

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
