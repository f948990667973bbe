import Domain
import Postgres

/// Begins a worker session: its id is its epoch, never used again. Commits durably.
public struct BeginSession: Statement {
    public var worker: String
    public var host: String
    public var pid: Int32
    public var version: String
    /// By which it works; nil: not told.
    public var policy: Int?
    public var templates: String?
    public init(
        worker: String, host: String, pid: Int32, version: String, policy: Int? = nil, templates: String? = nil
    ) {
        self.worker = worker
        self.host = host
        self.pid = pid
        self.version = version
        self.policy = policy
        self.templates = templates
    }
    public var sql: String {
        """
        insert into martlet_data.sessions (id, worker, host, pid, version, policy_version, templates, sees_opt_outs)
        select greatest(nextval('martlet_data.session_seq'), (select coalesce(max(id), 0) + 1 from martlet_data.sessions)), $1, $2, $3, $4, $5, $6, true
        returning id
        """
    }
    public func bind(_ parameters: inout PQParams) {
        parameters.text(worker)
        parameters.text(host)
        parameters.int4(pid)
        parameters.text(version)
        parameters.int4(policy.map { Int32(clamping: $0) })
        parameters.text(templates)
    }
    public static func read(_ rows: PQRows) throws -> Int32 { try rows.only.int4(0) }
}

/// One beat of a session by the database clock, with what a worker must know every second.
public struct Beat: Statement {
    public var session: Int32
    public var inFlight: Int32
    public var isDraining: Bool
    public init(session: Int32, inFlight: Int32, isDraining: Bool) {
        self.session = session
        self.inFlight = inFlight
        self.isDraining = isDraining
    }

    public struct Answer: Sendable {
        /// False: the session was fenced; nothing of it will be admitted or recorded any more.
        public var isAlive: Bool
        /// Sessions that share a provider's rate.
        public var liveSessions: Int
        public var now: Timestamp
        /// nil on a standby: then nothing may be admitted.
        public var timeline: Int64?
    }

    public var sql: String {
        """
        with beat as (update martlet_data.sessions set beat_at = clock_timestamp(), in_flight = $2, is_draining = $3
            where id = $1 and fenced_at is null and ended_at is null returning id)
        select exists (select from beat),
            (select count(*) from martlet_data.sessions where ended_at is null and fenced_at is null and id <> $1
                and beat_at > clock_timestamp() - interval '10 seconds') + 1,
            clock_timestamp(),
            case when not pg_is_in_recovery() then ('x' || substr(pg_walfile_name(pg_current_wal_insert_lsn()), 1, 8))::bit(32)::int8 end
        """
    }
    public func bind(_ parameters: inout PQParams) {
        parameters.int4(session)
        parameters.int4(inFlight)
        parameters.bool(isDraining)
    }
    public static func read(_ rows: PQRows) throws -> Answer {
        let row = try rows.only
        return Answer(
            isAlive: try row.bool(0), liveSessions: Int(try row.int8(1)), now: try row.timestamp(2),
            timeline: try row.int8OrNull(3))
    }
}

/// Tells by which policy and templates a session works from now on, or why it cannot use the newest.
public struct TellPolicy: Statement, Equatable {
    public var session: Int32
    public var policy: Int
    public var templates: String
    public var problem: String?
    public init(session: Int32, policy: Int, templates: String, problem: String?) {
        self.session = session
        self.policy = policy
        self.templates = templates
        self.problem = problem
    }
    public var sql: String {
        """
        update martlet_data.sessions set policy_version = $2, templates = $3, policy_problem = left($4, 1000)
        where id = $1 and (policy_version, templates, policy_problem) is distinct from ($2, $3, left($4, 1000))
        """
    }
    public func bind(_ parameters: inout PQParams) {
        parameters.int4(session)
        parameters.int4(Int32(clamping: policy))
        parameters.text(templates)
        parameters.text(problem)
    }
}

/// Ends a session that has handed back everything.
public struct EndSession: Statement {
    public var session: Int32
    public init(session: Int32) { self.session = session }
    public var sql: String {
        "update martlet_data.sessions set ended_at = clock_timestamp(), in_flight = 0 where id = $1 and ended_at is null"
    }
    public func bind(_ parameters: inout PQParams) { parameters.int4(session) }
}
