import Postgres

/// Live workers that do not work by the newest policy and templates yet. Admins only.
public struct WorkersBehind: Statement {
    public init() {}
    public struct Worker: Sendable, Equatable {
        public var session: Int
        public var worker: String
        public var host: String
        /// Of the program.
        public var version: String
        /// By which it works; nil: it is of an older version, and does not say.
        public var policy: Int?
        /// Why it cannot use the newest.
        public var problem: String?
    }
    public var sql: String {
        "select session, worker, host, version, policy_version, problem from martlet_data.policy_unseen() limit 1000"
    }
    public func bind(_ parameters: inout PQParams) {}
    public static func read(_ rows: PQRows) throws -> [Worker] {
        try rows.map {
            Worker(
                session: Int(try $0.int4(0)), worker: try $0.text(1), host: try $0.text(2), version: try $0.text(3),
                policy: try $0.int4OrNull(4).map(Int.init), problem: try $0.textOrNull(5))
        }
    }
}
