import Domain
import Postgres

/// The lanes with their depth. Counts every waiting row: seconds with millions waiting.
public struct ListLanes: Statement {
    public init() {}
    public struct Lane: Sendable {
        public var lane: Int
        public var classes: String?
        public var ready: Int
        /// When the oldest ready message was enqueued.
        public var oldest: Timestamp?
        public var due: Int
        public var nextDue: Timestamp?
        public var leased: Int
        public var pausedAt: Timestamp?
        public var pausedBy: String?
        public var pauseReason: String?
    }
    public var sql: String {
        """
        select lane, classes, ready, oldest, due, next_due, leased, paused_at, paused_by, pause_reason from martlet.lanes
        order by lane limit 100
        """
    }
    public func bind(_ parameters: inout PQParams) {}
    public static func read(_ rows: PQRows) throws -> [Lane] {
        try rows.map {
            Lane(
                lane: Int(try $0.int2(0)), classes: try $0.textOrNull(1), ready: Int(try $0.int8(2)),
                oldest: try $0.timestampOrNull(3),
                due: Int(try $0.int8(4)), nextDue: try $0.timestampOrNull(5), leased: Int(try $0.int8(6)),
                pausedAt: try $0.timestampOrNull(7), pausedBy: try $0.textOrNull(8), pauseReason: try $0.textOrNull(9))
        }
    }
}

/// Rows put into and taken out of each lane since the server's counters began; two samples make a rate without touching a queue table.
public struct LaneCounters: Statement {
    public init() {}
    public struct Counters: Sendable, Equatable {
        public var entered: Int64
        public var taken: Int64
    }
    public struct Answer: Sendable {
        public var at: Timestamp
        public var lanes: [Int: Counters]
    }
    public var sql: String {
        """
        select s.lane, coalesce(sum(pg_stat_get_tuples_inserted(c.oid)), 0)::int8, coalesce(sum(pg_stat_get_tuples_deleted(c.oid)), 0)::int8,
            clock_timestamp()
        from martlet_data.segments s join pg_class c on c.oid = to_regclass('martlet_data.ready_' || s.slot)
        where s.kind = 'ready' group by s.lane limit 100
        """
    }
    public func bind(_ parameters: inout PQParams) {}
    public static func read(_ rows: PQRows) throws -> Answer {
        var answer = Answer(at: Timestamp(microseconds: 0), lanes: [:])
        for row in rows {
            answer.lanes[Int(try row.int2(0))] = Counters(entered: try row.int8(1), taken: try row.int8(2))
            answer.at = try row.timestamp(3)
        }
        return answer
    }
}

/// Pauses a lane: nothing of it is claimed until it is resumed.
public struct PauseLane: Statement {
    public var lane: Int
    public var why: String
    public init(lane: Int, why: String) {
        self.lane = lane
        self.why = why
    }
    public var sql: String { "select martlet.pause_lane($1, $2) is null" }
    public func bind(_ parameters: inout PQParams) {
        parameters.int4(Int32(clamping: lane))
        parameters.text(why)
    }
}

public struct ResumeLane: Statement {
    public var lane: Int
    public var why: String
    public init(lane: Int, why: String) {
        self.lane = lane
        self.why = why
    }
    public var sql: String { "select martlet.resume_lane($1, $2) is null" }
    public func bind(_ parameters: inout PQParams) {
        parameters.int4(Int32(clamping: lane))
        parameters.text(why)
    }
}

/// Worker sessions, newest first; without `all` only those that have not ended more than an hour ago.
public struct ListWorkers: Statement {
    public var all: Bool
    public init(all: Bool) { self.all = all }
    public struct Worker: Sendable {
        public var session: Int
        public var worker: String
        public var host: String
        public var pid: Int
        public var version: String
        public var startedAt: Timestamp
        public var beatAt: Timestamp
        public var inFlight: Int
        /// `live`, `draining`, `stale`, `fenced`, `ended`.
        public var state: String
        /// By which it works; nil: its program does not say.
        public var policy: Int?
        /// Why it cannot use the newest.
        public var policyProblem: String?
    }
    public var sql: String {
        """
        select session, worker, host, pid, version, started_at, beat_at, in_flight, state, policy_version, policy_problem from martlet.workers
        where $1 or (ended_at is null and beat_at > clock_timestamp() - interval '1 day') or ended_at > clock_timestamp() - interval '1 hour'
        order by state in ('ended', 'fenced'), session desc limit 1000
        """
    }
    public func bind(_ parameters: inout PQParams) { parameters.bool(all) }
    public static func read(_ rows: PQRows) throws -> [Worker] {
        try rows.map {
            Worker(
                session: Int(try $0.int4(0)), worker: try $0.text(1), host: try $0.text(2), pid: Int(try $0.int4(3)),
                version: try $0.text(4), startedAt: try $0.timestamp(5), beatAt: try $0.timestamp(6),
                inFlight: Int(try $0.int4(7)),
                state: try $0.text(8), policy: try $0.int4OrNull(9).map(Int.init), policyProblem: try $0.textOrNull(10))
        }
    }
}
