import Postgres

/// Whether a session of this server can be woken by NOTIFY: not where transactions may be prepared, because those that notify cannot be.
public struct MayNotify: Statement {
    public init() {}
    public struct Answer: Sendable {
        public var isAllowed: Bool
        /// The server's process of this session.
        public var process: Int32
    }
    public var sql: String { "select current_setting('max_prepared_transactions') = '0', pg_backend_pid()" }
    public func bind(_ parameters: inout PQParams) {}
    public static func read(_ rows: PQRows) throws -> Answer {
        let row = try rows.only
        return Answer(isAllowed: try row.bool(0), process: try row.int4(1))
    }
}
