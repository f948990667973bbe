import Postgres

/// Forgets idempotency keys older than `keep`, a bounded number at a time; answers how many.
public struct PurgeIdempotencyKeys: Statement {
    public var keep: Duration
    public var limit: Int32
    public init(keep: Duration, limit: Int32 = 10_000) {
        self.keep = keep
        self.limit = limit
    }
    public var sql: String {
        """
        with gone as (delete from martlet_data.idempotency_keys where ctid = any (array(
            select ctid from martlet_data.idempotency_keys where created_at < clock_timestamp() - $1::interval limit $2)) returning 1)
        select count(*) from gone
        """
    }
    public func bind(_ parameters: inout PQParams) {
        parameters.interval(keep)
        parameters.int8(Int64(limit))
    }
    public static func read(_ rows: PQRows) throws -> Int64 { try rows.only.int8(0) }
}
