import Postgres

/// New content of cap rows that `LockCapUsage` has locked.
public struct UpdateCapUsage: Statement {
    public var recipientKeys: [String] = []
    public var hits: [[UInt8]] = []
    public init() {}
    public var sql: String {
        "update martlet_data.cap_usage c set hits = i.hits from unnest($1::text[], $2::bytea[]) i(key, hits) where c.recipient_key = i.key"
    }
    public func bind(_ parameters: inout PQParams) {
        parameters.textArray(recipientKeys)
        parameters.byteaArray(hits)
    }
}
