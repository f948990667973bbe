import Domain
import Postgres

/// Puts leased messages back into a ready lane: after a drain, a lost claim, or a worker's death.
///
/// Guarded: only rows that are still leased by this session and claim move. Answers their ids.
public struct HandBack: Statement {
    public var part: Int16
    public var rows: [LeasedRow] = []
    public var messageIDs: [MessageID] = []
    public var sessions: [Int32] = []
    public var claims: [Int32] = []
    public var lanes: [Int16] = []
    public var attempts: [Int16] = []
    public var countedAttempts: [Int16] = []
    public var resends: [Int16] = []
    public var workerCrashes: [Int16] = []

    public init(part: Int16) { self.part = part }

    /// - Parameters:
    ///   - lane: where it goes; the lease's own lane, or 8 for a message whose worker died.
    ///   - attempt: number of its last attempt by now.
    public mutating func add(_ lease: Lease, lane: Int16? = nil, attempt: Int16? = nil, workerCrashes: Int16? = nil) {
        rows.append(lease.row)
        messageIDs.append(lease.messageID)
        sessions.append(lease.session)
        claims.append(lease.claim)
        lanes.append(lane ?? lease.lane)
        attempts.append(attempt ?? lease.attempt)
        countedAttempts.append(lease.countedAttempts)
        resends.append(lease.resends)
        self.workerCrashes.append(workerCrashes ?? lease.workerCrashes)
    }

    public var sql: String {
        """
        with input as materialized (
            select * from unnest($1::tid[], $2::int8[], $3::int4[], $4::int4[], $5::int2[], $6::int2[], $7::int2[], $8::int2[], $9::int2[])
                with ordinality i(tid, message_id, session, claim, lane, attempt, burned, resends, deaths, n)),
        \(LeaseKeys.gone(part: part, returning: "i.lane, i.attempt, i.burned, i.resends, i.deaths, l.series")),
        back as (
            insert into martlet_data.ready (slot, seq, message_id, attempt, burned, resends, deaths, series)
            select (pg_sequence_last_value(a.cursor) & 4095)::int2, nextval('martlet_data.message_seq'), g.message_id, g.attempt, g.burned,
                g.resends, g.deaths, g.series
            from gone g join martlet_data.lanes a on a.lane = g.lane order by g.n)
        select message_id from gone
        """
    }

    public func bind(_ parameters: inout PQParams) {
        parameters.rows(rows)
        parameters.messageIDs(messageIDs)
        parameters.int4Array(sessions)
        parameters.int4Array(claims)
        parameters.int2Array(lanes)
        parameters.int2Array(attempts)
        parameters.int2Array(countedAttempts)
        parameters.int2Array(resends)
        parameters.int2Array(workerCrashes)
    }

    public static func read(_ rows: PQRows) throws -> [MessageID] { try rows.map { try $0.messageID(0) } }
}

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

/// Expiry, variables and provider that an admin set when requeuing.
public struct LoadRequeues: Statement {
    public var messageIDs: [MessageID]
    public init(messageIDs: [MessageID]) { self.messageIDs = messageIDs }

    public struct Override: Sendable {
        public var messageID: MessageID
        public var series: Int16
        public var expiresAt: Timestamp
        public var variables: String?
        public var provider: String?
        /// An admin has read the text that a word list held.
        public var approvesWords: Bool
    }

    public var sql: String {
        """
        select distinct on (message_id) message_id, series, expires_at, variables, provider, approve_words
        from martlet_data.requeues where message_id = any ($1) order by message_id, series desc
        """
    }
    public func bind(_ parameters: inout PQParams) { parameters.messageIDs(messageIDs) }
    public static func read(_ rows: PQRows) throws -> [Override] {
        try rows.map {
            Override(
                messageID: try $0.messageID(0), series: try $0.int2(1), expiresAt: try $0.timestamp(2),
                variables: try $0.jsonbOrNull(3),
                provider: try $0.textOrNull(4), approvesWords: try $0.bool(5))
        }
    }
}
