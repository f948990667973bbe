import Domain
import Postgres

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
