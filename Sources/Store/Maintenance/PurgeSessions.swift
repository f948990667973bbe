import Postgres

/// Forgets sessions whose last beat is older than `keep` and that hold nothing, a bounded number at a time; answers how many.
///
/// Never the newest: a new session's number is one above it (`BeginSession`).
public struct PurgeSessions: Statement {
    public var keep: Duration
    public init(keep: Duration) { self.keep = keep }
    public var sql: String {
        """
        with gone as (delete from martlet_data.sessions where id = any (array(
            select s.id from martlet_data.sessions s where s.beat_at < clock_timestamp() - $1::interval and s.id < (select max(id) from martlet_data.sessions)
                and not exists (select from martlet_data.leased l where l.session = s.id)
                and not exists (select from martlet_data.connection_slots c where c.session = s.id) limit 10000)) returning 1)
        select count(*) from gone
        """
    }
    public func bind(_ parameters: inout PQParams) { parameters.interval(keep) }
    public static func read(_ rows: PQRows) throws -> Int64 { try rows.only.int8(0) }
}
