import Domain
import Postgres

/// Replication slots without a reader: the server keeps its log for them.
public struct InactiveSlots: Statement {
    public init() {}
    public struct Slot: Sendable, Equatable {
        public var name: String
        /// `physical` or `logical`.
        public var kind: String
        /// Of the log, kept for it; nil: it has not asked for any yet, or the server is a standby.
        public var bytes: Int64?
        /// `reserved`, `extended`, `unreserved`, `lost`.
        public var status: String?
    }
    public var sql: String {
        """
        select s.slot_name::text, s.slot_type, case when not pg_is_in_recovery() then pg_wal_lsn_diff(pg_current_wal_lsn(), s.restart_lsn)::int8 end, s.wal_status
        from pg_replication_slots s where not s.active order by 3 desc nulls last, 1 limit 100
        """
    }
    public func bind(_ parameters: inout PQParams) {}
    public static func read(_ rows: PQRows) throws -> [Slot] {
        try rows.map {
            Slot(name: try $0.text(0), kind: try $0.text(1), bytes: try $0.int8OrNull(2), status: try $0.textOrNull(3))
        }
    }
}
