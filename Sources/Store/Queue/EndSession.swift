import Postgres

/// Ends a session that has handed back everything.
public struct EndSession: Statement {
    public var session: Int32
    public init(session: Int32) { self.session = session }
    public var sql: String {
        "update martlet_data.sessions set ended_at = clock_timestamp(), in_flight = 0 where id = $1 and ended_at is null"
    }
    public func bind(_ parameters: inout PQParams) { parameters.int4(session) }
}
