import Domain
import Postgres

/// How well each class was served: messages enqueued within `since` (at most a day) before now.
public struct ClassLevels: Statement {
    public var since: Duration
    public init(since: Duration) { self.since = since }
    public struct Level: Sendable {
        public var name: String
        public var promise: Duration?
        public var messages: Int
        /// Deferred by hours or caps, or requeued: not judged.
        public var held: Int
        public var accepted: Int
        /// Accepted within the promise; nil: there is none.
        public var within: Int?
        /// Still waiting, and longer than the promise.
        public var overdue: Int
        /// Dead or expired.
        public var failed: Int
        public var withinShare: Double?
        public var acceptedShare: Double?
        public var oldestWaiting: Duration?
        public var p99Delay: Duration?
        /// The longest of any message, those that still wait included.
        public var peakDelay: Duration?
    }
    public var sql: String {
        """
        select class, extract(epoch from promise)::float8, messages, held, accepted, within, overdue, failed, within_share::float8, accepted_share::float8,
            extract(epoch from oldest_waiting)::float8, extract(epoch from p99_delay)::float8, extract(epoch from peak_delay)::float8
        from martlet.slo_since($1)
        """
    }
    public func bind(_ parameters: inout PQParams) { parameters.interval(since) }
    public static func read(_ rows: PQRows) throws -> [Level] {
        try rows.map { row in
            func duration(_ column: Int) throws -> Duration? {
                try row.float8OrNull(column).map { Duration(clampingSeconds: $0) }
            }
            return Level(
                name: try row.text(0), promise: try duration(1), messages: Int(try row.int8(2)), held: Int(try row.int8(3)),
                accepted: Int(try row.int8(4)), within: try row.int8OrNull(5).map { Int($0) }, overdue: Int(try row.int8(6)),
                failed: Int(try row.int8(7)), withinShare: try row.float8OrNull(8), acceptedShare: try row.float8OrNull(9),
                oldestWaiting: try duration(10), p99Delay: try duration(11), peakDelay: try duration(12))
        }
    }
}
