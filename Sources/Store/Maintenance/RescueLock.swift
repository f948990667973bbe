import Postgres

/// Takes a session's lock exclusively, without waiting: while we have it, its worker neither admits nor records.
public struct RescueLock: Statement {
    public var session: Int32
    public init(session: Int32) { self.session = session }
    public var sql: String {
        """
        select pg_try_advisory_xact_lock(7340003, $1), set_config('synchronous_commit', 'on', true),
            set_config('idle_in_transaction_session_timeout', '5s', true)
        """
    }
    public func bind(_ parameters: inout PQParams) { parameters.int4(session) }
    public static func read(_ rows: PQRows) throws -> Bool { try rows.only.bool(0) }
}
