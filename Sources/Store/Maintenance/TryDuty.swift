import Postgres

/// One duty at a time in the cluster, without a leader: the worker that gets the lock does the work of this round.
public struct TryDuty: Statement {
    /// 1 rescue, 2 promote, 3 rotate, 4 retention, 5 events.
    public var duty: Int32
    public init(duty: Int32) { self.duty = duty }
    public var sql: String {
        // A worker that freezes on duty must not keep the duty from the others.
        "select pg_try_advisory_xact_lock(7340004, $1), set_config('idle_in_transaction_session_timeout', '5s', true)"
    }
    public func bind(_ parameters: inout PQParams) { parameters.int4(duty) }
    public static func read(_ rows: PQRows) throws -> Bool { try rows.only.bool(0) }
}
