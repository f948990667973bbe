import Domain
import Postgres

/// First statement of a transaction that keeps events: what it depends on of other transactions is seen by the statements after it.
///
/// The buckets (`EventLock.bucket`) of messages whose state follows from several receipts: two parts' receipts in two transactions must
/// not both miss the other. 256 of them, so that no batch exhausts the lock table. They must be sorted.
public struct EventLock: Statement {
    public var buckets: [Int32]
    public init(buckets: [Int32]) { self.buckets = buckets }

    public static func bucket(_ id: MessageID) -> Int32 {
        Int32(truncatingIfNeeded: (UInt64(bitPattern: id.rawValue) &* 0x9E37_79B9_7F4A_7C15) >> 56)
    }

    public var sql: String {
        """
        select count(pg_advisory_xact_lock(7340005, b)), set_config('synchronous_commit', 'on', true),
            set_config('idle_in_transaction_session_timeout', '5s', true)
        from unnest($1::int4[]) b
        """
    }
    public func bind(_ parameters: inout PQParams) { parameters.int4Array(buckets) }
}
