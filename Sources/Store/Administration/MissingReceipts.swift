import Postgres

/// Receipts that did not come in time, by provider: of the messages of a day whose time is up.
public struct MissingReceipts: Statement {
    public var since: Duration
    public init(since: Duration) { self.since = since }
    public struct Count: Sendable {
        public var provider: String
        public var within: Duration
        public var accepted: Int
        public var missing: Int
    }
    public var sql: String {
        "select provider, receipt_within, accepted, missing from martlet.missing_receipts_since($1) limit 10000"
    }
    public func bind(_ parameters: inout PQParams) { parameters.interval(since) }
    public static func read(_ rows: PQRows) throws -> [Count] {
        try rows.map {
            Count(
                provider: try $0.text(0), within: try $0.interval(1), accepted: Int(try $0.int8(2)), missing: Int(try $0.int8(3)))
        }
    }
}
