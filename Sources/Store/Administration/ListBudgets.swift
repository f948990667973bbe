import Domain
import Postgres

/// Every budget of the policy with what is used of it today; one row for each group that used one of its own.
public struct ListBudgets: Statement {
    /// nil: all; else those that count messages of this provider, or of any.
    public var provider: String?
    public var limit: Int
    public init(provider: String? = nil, limit: Int) {
        self.provider = provider
        self.limit = limit
    }
    public struct Budget: Sendable {
        public var name: String
        public var group: String?
        public var classes: [String]
        public var channels: [String]
        public var providers: [String]
        /// `segments`, or the currency whose millionths the amounts are.
        public var unit: String
        public var limit: Int64
        public var used: Int64
        public var left: Int64
        public var over: String
        public var timeZone: String
        public var renewsAt: Timestamp
    }
    public var sql: String {
        """
        select name, group_key, classes, channels, providers, unit, limit_amount, used, left_amount, over, time_zone, renews_at from martlet.budgets
        where $1::text is null or providers = '{}' or $1 = any (providers) order by name, used desc, group_key limit $2
        """
    }
    public func bind(_ parameters: inout PQParams) {
        parameters.text(provider)
        parameters.int8(Int64(limit))
    }
    public static func read(_ rows: PQRows) throws -> [Budget] {
        try rows.map {
            Budget(
                name: try $0.text(0), group: try $0.textOrNull(1), classes: try $0.textArray(2), channels: try $0.textArray(3),
                providers: try $0.textArray(4), unit: try $0.text(5), limit: try $0.int8(6), used: try $0.int8(7),
                left: try $0.int8(8),
                over: try $0.text(9), timeZone: try $0.text(10), renewsAt: try $0.timestamp(11))
        }
    }
}
