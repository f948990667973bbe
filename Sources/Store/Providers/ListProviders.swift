import Domain
import Postgres

/// Every provider that workers use now or admins have given an order about (`martlet.providers`).
public struct ListProviders: Statement {
    public init() {}
    public struct Provider: Sendable {
        public var name: String
        /// `in use`, `paused`, `draining`, `moved`.
        public var state: String
        public var target: String?
        public var changedAt: Timestamp?
        public var changedBy: String?
        public var why: String?
        /// Live workers that have used it in the last seconds, and how many of them found it out of order, for what reason.
        public var workers: Int
        public var circuitsOpen: Int
        public var reason: String?
        /// Live workers that cannot open it.
        public var unusable = 0
        /// Answers a second over the last ten seconds or so; nil: no worker uses it.
        public var accepted: Double?
        public var failed: Double?
        public var throttled: Double?
        public var refused: Double?
        /// Milliseconds.
        public var latency: Double?
        public var unanswered: Int?
        public var waiting: Int?
    }
    public var sql: String {
        """
        select provider, state, target, changed_at, changed_by, why, workers::int4, circuits_open::int4, reason,
            accepted_per_second::float8, failed_per_second::float8, throttled_per_second::float8, refused_per_second::float8, latency_ms::float8,
            unanswered::int8, waiting::int8, unusable::int4
        from martlet.providers order by provider limit 10000
        """
    }
    public func bind(_ parameters: inout PQParams) {}
    public static func read(_ rows: PQRows) throws -> [Provider] {
        try rows.map {
            Provider(
                name: try $0.text(0), state: try $0.text(1), target: try $0.textOrNull(2), changedAt: try $0.timestampOrNull(3),
                changedBy: try $0.textOrNull(4), why: try $0.textOrNull(5), workers: Int(try $0.int4(6)),
                circuitsOpen: Int(try $0.int4(7)), reason: try $0.textOrNull(8), unusable: Int(try $0.int4(16)),
                accepted: try $0.float8OrNull(9),
                failed: try $0.float8OrNull(10), throttled: try $0.float8OrNull(11), refused: try $0.float8OrNull(12),
                latency: try $0.float8OrNull(13), unanswered: try $0.int8OrNull(14).map(Int.init),
                waiting: try $0.int8OrNull(15).map(Int.init))
        }
    }
}

extension ListProviders.Provider {
    /// One that no worker has used lately.
    public init(idle name: String) {
        self.init(name: name, state: "in use", workers: 0, circuitsOpen: 0)
    }
}
