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
