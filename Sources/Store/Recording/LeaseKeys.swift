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
