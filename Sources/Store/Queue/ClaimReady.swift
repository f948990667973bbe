import Domain
import Postgres

/// Claims up to `limit` messages of one ready part, in order, from `from` on and below `below`, under a lease.
///
/// `array(…)` and `taken` are fences, evaluated once: without the first the planner may take more rows than asked, without the second it
/// looks for each body by a scan of its own over all partitions. The join is full, though every body has its lease, because a
/// full join is never a nested loop, whatever few rows the planner expects; only the range of ids excludes partitions at run time. What
/// another worker has locked is skipped. Its commit does not wait for the disk: a claim that a crash undoes was never acted on, because
/// the commit of Admit, which comes after it in the log, does wait.
public struct ClaimReady: Statement {
    public var part: Int16
    /// Lane of the part; kept with the lease so that the message can go back.
    public var lane: Int16
    public var from: Int64
    public var below: Int64
    public var limit: Int32
    public var session: Int32
    public var claim: Int32
    public var lease: Duration
    /// Part of `leased` that takes the rows.
    public var leasedPart: Int16
    /// Only messages with which so many workers have died; nil: all.
    public var workerCrashes: ClosedRange<Int16>?

    public init(
        part: Int16, lane: Int16, from: Int64, below: Int64 = .max, limit: Int32, session: Int32, claim: Int32,
        lease: Duration,
        leasedPart: Int16, workerCrashes: ClosedRange<Int16>? = nil
    ) {
        self.workerCrashes = workerCrashes
        self.part = part
        self.lane = lane
        self.from = from
        self.below = below
        self.limit = limit
        self.session = session
        self.claim = claim
        self.lease = lease
        self.leasedPart = leasedPart
    }

    public struct Answer: Sendable {
        public var messages: [ClaimedMessage]
        /// Lowest and highest position that were claimed, nil when there was nothing.
        public var first: Int64?
        public var last: Int64?
    }

    public var sql: String {
        """
        with gone as (
            delete from martlet_data.ready_\(part) where ctid = any (array(
                select ctid from martlet_data.ready_\(part) where seq >= $1 and seq < $2\(among) order by seq limit $3 for update skip locked))
            returning seq, message_id, attempt, burned, resends, deaths, series),
        taken as (select array_agg(message_id) as ids, min(message_id) as lowest, max(message_id) as highest, min(seq) as first, max(seq) as last from gone),
        leased as (
            insert into martlet_data.leased_\(leasedPart)
                (slot, message_id, lane, attempt, burned, resends, deaths, series, session, claim, deadline)
            select \(leasedPart), message_id, $7, attempt, burned, resends, deaths, series, $4, $5, clock_timestamp() + $6
            from gone
            returning ctid as tid, message_id, lane, attempt, burned, resends, deaths, series, deadline)
        select (select last from taken, (select set_config('synchronous_commit', 'off', true)) o), l.tid, l.message_id, l.lane, l.attempt, l.burned, l.resends, l.deaths, l.series,
            $4::int4, $5::int4, l.deadline, \(leasedPart)::int2, (select first from taken), \(ClaimColumns.sql)
        from leased l full join (\(ClaimColumns.bodies) where id = any ((select ids from taken)::int8[])
                and id between (select lowest from taken) and (select highest from taken)) m on m.id = l.message_id
        """
    }

    private var among: String { workerCrashes.map { " and deaths between \($0.lowerBound) and \($0.upperBound)" } ?? "" }

    public func bind(_ parameters: inout PQParams) {
        parameters.int8(from)
        parameters.int8(below)
        parameters.int8(Int64(limit))
        parameters.int4(session)
        parameters.int4(claim)
        parameters.interval(lease)
        parameters.int2(lane)
    }

    public static func read(_ rows: PQRows) throws -> Answer {
        Answer(
            messages: try rows.map { row in
                let lease = Lease(
                    part: try row.int2(12), row: LeasedRow(tid: try row.tid(1)), messageID: try row.messageID(2),
                    lane: try row.int2(3),
                    attempt: try row.int2(4), countedAttempts: try row.int2(5), resends: try row.int2(6),
                    workerCrashes: try row.int2(7),
                    series: try row.int2(8), session: try row.int4(9), claim: try row.int4(10), deadline: try row.timestamp(11))
                return try ClaimColumns.read(row, from: 14, lease: lease)
            },
            first: try rows.first?.int8OrNull(13), last: try rows.first?.int8OrNull(0))
    }
}
