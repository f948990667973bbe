import Domain
import Postgres

/// What SQL can see of the disk: the sizes of the database and of the server's log, and whether the log is archived. Admins only.
public struct DiskFacts: Statement {
    public init() {}
    public struct Answer: Sendable, Equatable {
        public var database: Int64
        /// Bytes of the server's log; nil: this role may not look.
        public var log: Int64?
        /// What the server's settings let the log grow to.
        public var logMost: Int64
        /// How long archiving the log has failed; nil: it does not.
        public var archiveFails: Duration?
    }
    public var sql: String { "select database_bytes, log_bytes, log_most, archive_fails from martlet_data.disk_facts()" }
    public func bind(_ parameters: inout PQParams) {}
    public static func read(_ rows: PQRows) throws -> Answer {
        let row = try rows.only
        return Answer(
            database: try row.int8(0), log: try row.int8OrNull(1), logMost: try row.int8(2),
            archiveFails: try row.intervalOrNull(3))
    }
}
