import Domain
import Postgres

/// Sessions with leased rows that may need rescue: dead ones (a stale beat), fenced ones, and any with rows past their deadline; and dead
/// ones that hold connections which others could use.
public struct RescuableSessions: Statement {
    public init() {}
    public struct Session: Sendable, Equatable {
        public var id: Int32
        /// True: everything of it; false: only rows past their deadline.
        public var isDead: Bool
        /// It ended as it should and left these because its time was up: nobody died with them.
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

/// Which of these messages are settled (`UnknownOutcome.settledBy`), and by which receipt; read in a statement after the lock.
public struct FindSettled: Statement {
    public var messageIDs: [MessageID]
    public init(messageIDs: [MessageID]) { self.messageIDs = messageIDs }
    public var sql: String {
        "select i.message_id, s.kind from unnest($1::int8[]) i(message_id) cross join lateral (\(UnknownOutcome.settledBy("i.message_id"))) s"
    }
    public func bind(_ parameters: inout PQParams) { parameters.messageIDs(messageIDs) }
    public static func read(_ rows: PQRows) throws -> [MessageID: String] {
        Dictionary(try rows.map { (try $0.messageID(0), try $0.text(1)) }) { $1 }
    }
}

/// Attempts of messages and what is known of them; read in a statement after the lock.
public struct AttemptStates: Statement {
    public var messageIDs: [MessageID]
    public init(messageIDs: [MessageID]) { self.messageIDs = messageIDs }
    public struct State: Sendable {
        public var messageID: MessageID
        public var attempt: Int16
        public var provider: String
        /// nil: nobody has answered; else accepted, deferred, rejected or unknown.
        public var outcome: String?
        public var reference: String?
    }
    public var sql: String {
        """
        select a.message_id, a.attempt, a.provider, o.kind, o.reference from martlet_data.attempts a
        left join lateral (select r.kind, r.reference from martlet_data.receipts r where r.message_id = a.message_id and r.attempt = a.attempt
            and r.kind in ('accepted', 'deferred', 'rejected', 'unknown') order by (r.kind = 'accepted') desc, (r.kind <> 'unknown') desc limit 1) o on true
        where a.message_id = any ($1)
        """
    }
    public func bind(_ parameters: inout PQParams) { parameters.messageIDs(messageIDs) }
    public static func read(_ rows: PQRows) throws -> [State] {
        try rows.map {
            State(
                messageID: try $0.messageID(0), attempt: try $0.int2(1), provider: try $0.text(2), outcome: try $0.textOrNull(3),
                reference: try $0.textOrNull(4))
        }
    }
}
