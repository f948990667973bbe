import Postgres

/// What each provider accepted of the messages enqueued within `since` (at most a day) before now, and what it said about it since.
public struct ProviderLevels: Statement {
    public var since: Duration
    public init(since: Duration) { self.since = since }
    public struct Level: Sendable {
        public var name: String
        public var accepted: Int
        public var delivered: Int
        public var undelivered: Int
        /// Of those it has reported on; nil: none.
        public var deliveredShare: Double?
        public var reportedShare: Double?
    }
    public var sql: String {
        """
        select provider, accepted, delivered, undelivered, delivered_share::float8, reported_share::float8 from martlet.provider_slo_since($1)
        """
    }
    public func bind(_ parameters: inout PQParams) { parameters.interval(since) }
    public static func read(_ rows: PQRows) throws -> [Level] {
        try rows.map {
            Level(
                name: try $0.text(0), accepted: Int(try $0.int8(1)), delivered: Int(try $0.int8(2)),
                undelivered: Int(try $0.int8(3)), deliveredShare: try $0.float8OrNull(4), reportedShare: try $0.float8OrNull(5))
        }
    }
}
