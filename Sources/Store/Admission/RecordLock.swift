import Postgres

/// Record's first statement: waits for the session's lock, because an answer must be written down.
public struct RecordLock: Statement {
    public var session: Int32
    public init(session: Int32) { self.session = session }
    public var sql: String {
        """
        select pg_advisory_xact_lock_shared(7340003, $1), set_config('synchronous_commit', 'on', true),
            set_config('idle_in_transaction_session_timeout', '5s', true)
        """
    }
    public func bind(_ parameters: inout PQParams) { parameters.int4(session) }
}
