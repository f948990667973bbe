import Domain
import Postgres

/// All that a session still has leased in one part; with `claim` only that claim, with `overdue` only rows past their deadline.
public struct LeasedBySession: Statement {
    public var part: Int16
    public var session: Int32
    public var claim: Int32?
    public var overdueOnly: Bool
    public var limit: Int32

    public init(part: Int16, session: Int32, claim: Int32? = nil, overdueOnly: Bool = false, limit: Int32 = 1000) {
        self.part = part
        self.session = session
        self.claim = claim
        self.overdueOnly = overdueOnly
        self.limit = limit
    }

    public var sql: String {
        """
        select l.ctid, l.message_id, l.lane, l.attempt, l.burned, l.resends, l.deaths, l.series, l.session, l.claim, l.deadline,
            \(part)::int2, \(ClaimColumns.sql)
        from martlet_data.leased_\(part) l left join (\(ClaimColumns.bodies)) m on m.id = l.message_id
        where l.session = $1 and ($2::int4 is null or l.claim = $2) and (not $3 or l.deadline < clock_timestamp()) limit $4
        """
    }

    public func bind(_ parameters: inout PQParams) {
        parameters.int4(session)
        parameters.int4(claim)
        parameters.bool(overdueOnly)
        parameters.int8(Int64(limit))
    }

    public static func read(_ rows: PQRows) throws -> [ClaimedMessage] {
        try rows.map { row in
            let lease = Lease(
                part: try row.int2(11), row: LeasedRow(tid: try row.tid(0)), messageID: try row.messageID(1),
                lane: try row.int2(2),
                attempt: try row.int2(3), countedAttempts: try row.int2(4), resends: try row.int2(5),
                workerCrashes: try row.int2(6),
                series: try row.int2(7), session: try row.int4(8), claim: try row.int4(9), deadline: try row.timestamp(10))
            return try ClaimColumns.read(row, from: 12, lease: lease)
        }
    }
}
