import Postgres

/// Sessions with leased rows that may need rescue: dead ones (a stale beat), fenced ones, and any with rows past their deadline; and dead
/// ones that hold connections which others could use.
public struct RescuableSessions: Statement {
    public init() {}
    public struct Session: Sendable, Equatable {
        public var id: Int32
        /// True: everything of it; false: only rows past their deadline.
        public var isDead: Bool
        /// It ended as it should and left these because its time was up: no worker crashed with them.
        public var hasEnded: Bool
    }
    public var sql: String {
        """
        select l.session, coalesce(bool_or(s.id is null or s.fenced_at is not null or s.ended_at is not null
            or s.beat_at < clock_timestamp() - interval '10 seconds'), true), coalesce(bool_or(s.ended_at is not null), false)
        from (select session, min(deadline) as deadline from martlet_data.leased group by session) l left join martlet_data.sessions s on s.id = l.session
        where s.id is null or s.fenced_at is not null or s.ended_at is not null or s.beat_at < clock_timestamp() - interval '10 seconds'
            or l.deadline < clock_timestamp()
        group by l.session
        union
        select s.id, true, false from martlet_data.sessions s where s.ended_at is null and s.fenced_at is null
            and s.beat_at < clock_timestamp() - interval '10 seconds' and s.id in (select c.session from martlet_data.connection_slots c)
        order by 1 limit 100
        """
    }
    public func bind(_ parameters: inout PQParams) {}
    public static func read(_ rows: PQRows) throws -> [Session] {
        try rows.map { Session(id: try $0.int4(0), isDead: try $0.bool(1), hasEnded: try $0.bool(2)) }
    }
}
