import Postgres

/// Fences a session whose beat is still stale, in a statement after the lock; true when it is dead (now or already).
public struct FenceSession: Statement {
    public var session: Int32
    public init(session: Int32) { self.session = session }
    public var sql: String {
        """
        with fenced as (update martlet_data.sessions set fenced_at = clock_timestamp()
            where id = $1 and fenced_at is null and ended_at is null and beat_at < clock_timestamp() - interval '10 seconds' returning id)
        select exists (select from fenced)
            or not exists (select from martlet_data.sessions where id = $1 and fenced_at is null and ended_at is null)
        """
    }
    public func bind(_ parameters: inout PQParams) { parameters.int4(session) }
    public static func read(_ rows: PQRows) throws -> Bool { try rows.only.bool(0) }
}
