import Domain
import Postgres

/// The server's version, clock and the settings that Martlet depends on.
public struct ServerFacts: Statement {
    public init() {}
    public struct Answer: Sendable {
        public var versionNumber: Int
        public var now: Timestamp
        public var isStandby: Bool
        /// By name, as `current_setting` shows them.
        public var settings: [String: String]
        /// Prepared transactions of this database, and the age of the oldest.
        public var preparedTransactions: Int
        public var oldestPrepared: Duration?
    }
    static let names = [
        "fsync", "full_page_writes", "synchronous_commit", "autovacuum", "track_counts", "default_transaction_read_only",
    ]
    public var sql: String {
        """
        select current_setting('server_version_num')::int4, clock_timestamp(), pg_is_in_recovery(),
            (select count(*) from pg_prepared_xacts where database = current_database()),
            (select extract(epoch from clock_timestamp() - min(prepared))::float8 from pg_prepared_xacts where database = current_database()),
            \(Self.names.map { "current_setting('\($0)')" }.joined(separator: ", "))
        """
    }
    public func bind(_ parameters: inout PQParams) {}
    public static func read(_ rows: PQRows) throws -> Answer {
        let row = try rows.only
        var settings: [String: String] = [:]
        for (index, name) in names.enumerated() { settings[name] = try row.text(5 + index) }
        return Answer(
            versionNumber: Int(try row.int4(0)), now: try row.timestamp(1), isStandby: try row.bool(2), settings: settings,
            preparedTransactions: Int(try row.int8(3)),
            oldestPrepared: try row.float8OrNull(4).map { Duration(clampingSeconds: $0) })
    }
}
