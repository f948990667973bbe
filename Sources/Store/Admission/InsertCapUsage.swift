import Postgres

/// Cap rows of people who had none. A unique violation means that another worker's Admit came first: nothing of this transaction has
/// happened, and it is done again. Keys in order, so that two workers do not wait for each other in a circle.
public struct InsertCapUsage: Statement {
    public var recipientKeys: [String] = []
    public var hits: [[UInt8]] = []
    public init() {}
    public var sql: String {
        "insert into martlet_data.cap_usage (recipient_key, hits) select unnest($1::text[]), unnest($2::bytea[])"
    }
    public func bind(_ parameters: inout PQParams) {
        parameters.textArray(recipientKeys)
        parameters.byteaArray(hits)
    }
}
