import Domain
import Postgres

/// What providers took since an instant and what they bill for it; by provider and currency.
public struct ProviderUsage: Statement {
    public var since: Timestamp
    /// Messages enqueued before are not looked at; nil: 8 days before `since`.
    public var enqueuedSince: Timestamp?
    public var provider: String?
    public init(since: Timestamp, enqueuedSince: Timestamp? = nil, provider: String? = nil) {
        self.since = since
        self.enqueuedSince = enqueuedSince
        self.provider = provider
    }
    public struct Usage: Sendable {
        public var provider: String
        /// nil: hand-overs without a price.
        public var currency: String?
        public var sent: Int
        public var accepted: Int
        public var delivered: Int
        public var undelivered: Int
        /// Certainly not taken: not billed.
        public var refused: Int
        /// It is not known whether it was taken.
        public var inDoubt: Int
        /// Of those that were accepted, as is the cost.
        public var segments: Int
        public var costMicros: Int64
        public var inDoubtMicros: Int64
    }
    public var sql: String {
        """
        select provider, currency, sent, accepted, delivered, undelivered, refused, in_doubt, segments, cost_micros::int8, in_doubt_micros::int8
        from martlet.provider_usage($1, $2) where $3::text is null or provider = $3 limit 10000
        """
    }
    public func bind(_ parameters: inout PQParams) {
        parameters.timestamp(since)
        parameters.timestamptz(enqueuedSince?.microseconds)
        parameters.text(provider)
    }
    public static func read(_ rows: PQRows) throws -> [Usage] {
        try rows.map {
            Usage(
                provider: try $0.text(0), currency: try $0.textOrNull(1), sent: Int(try $0.int8(2)),
                accepted: Int(try $0.int8(3)),
                delivered: Int(try $0.int8(4)), undelivered: Int(try $0.int8(5)), refused: Int(try $0.int8(6)),
                inDoubt: Int(try $0.int8(7)), segments: Int(try $0.int8(8)), costMicros: try $0.int8(9),
                inDoubtMicros: try $0.int8(10))
        }
    }
}

extension ProviderUsage.Usage {
    /// All counts of these added up; without costs, which have no common currency.
    public init(sumOf rows: [Self], provider: String) {
        self.init(
            provider: provider, currency: nil, sent: rows.map(\.sent).reduce(0, +), accepted: rows.map(\.accepted).reduce(0, +),
            delivered: rows.map(\.delivered).reduce(0, +), undelivered: rows.map(\.undelivered).reduce(0, +),
            refused: rows.map(\.refused).reduce(0, +), inDoubt: rows.map(\.inDoubt).reduce(0, +),
            segments: rows.map(\.segments).reduce(0, +), costMicros: 0, inDoubtMicros: 0)
    }
}
