import Domain
import Postgres

/// Days older than `keep` that still have partitions, `YYYYMMDD`, oldest first.
public struct OldDays: Statement {
    public var keep: Duration
    public init(keep: Duration) { self.keep = keep }
    public var sql: String {
        """
        select substr(c.relname, 10)::text from pg_class c join pg_namespace n on n.oid = c.relnamespace
        where n.nspname = 'martlet_data' and c.relname ~ '^messages_[0-9]{8}$' and c.relkind = 'r'
            and to_date(substr(c.relname, 10), 'YYYYMMDD') < (clock_timestamp() - $1::interval)::date
        order by 1
        """
    }
    public func bind(_ parameters: inout PQParams) { parameters.interval(keep) }
    public static func read(_ rows: PQRows) throws -> [String] { try rows.map { try $0.text(0) } }
}

/// Drops a day of messages, attempts, receipts, links and the ids of carriers; answers `dropped`, or why not.
public struct DropDay: Statement {
    /// `YYYYMMDD`.
    public var day: String
    public init(_ day: String) { self.day = day }
    public var sql: String { "select martlet_data.drop_partitions(to_date($1, 'YYYYMMDD'))" }
    public func bind(_ parameters: inout PQParams) { parameters.text(day) }
    public static func read(_ rows: PQRows) throws -> String? { try rows.first?.text(0) }
}

/// What keeps the days that are older than `keep`: at most 50 of them, oldest first.
public struct HeldDays: Statement {
    public var keep: Duration
    public init(keep: Duration) { self.keep = keep }
    public struct Day: Sendable {
        public var day: String
        /// nil: nothing does; retention will take it.
        public var why: String?
    }
    public var sql: String {
        """
        select d.day, martlet_data.day_held_by(to_date(d.day, 'YYYYMMDD')) from (\(OldDays(keep: keep).sql) limit 50) d(day)
        """
    }
    public func bind(_ parameters: inout PQParams) { parameters.interval(keep) }
    public static func read(_ rows: PQRows) throws -> [Day] {
        try rows.map { Day(day: try $0.text(0), why: try $0.textOrNull(1)) }
    }
}

/// Brings the known time zones up to the server's; answers how many changed.
public struct RefreshTimeZones: Statement {
    public init() {}
    public var sql: String { "select martlet_data.refresh_time_zones()" }
    public func bind(_ parameters: inout PQParams) {}
    public static func read(_ rows: PQRows) throws -> Int32 { try rows.only.int4(0) }
}

/// Forgets cancellations older than `keep` whose message is gone, a bounded number at a time; answers how many.
public struct PurgeCancellations: Statement {
    public var keep: Duration
    public init(keep: Duration) { self.keep = keep }
    public var sql: String {
        """
        with gone as (delete from martlet_data.cancellations where message_id = any (array(
            select c.message_id from martlet_data.cancellations c where c.cancelled_at < clock_timestamp() - $1::interval
                and not exists (select from martlet_data.messages m where m.id = c.message_id) limit 10000)) returning 1)
        select count(*) from gone
        """
    }
    public func bind(_ parameters: inout PQParams) { parameters.interval(keep) }
    public static func read(_ rows: PQRows) throws -> Int64 { try rows.only.int8(0) }
}

/// Forgets cancellations of groups older than `keep`, once no day is left that a message of before may lie in; answers how many.
public struct PurgeGroupCancellations: Statement {
    public var keep: Duration
    public init(keep: Duration) { self.keep = keep }
    public var sql: String {
        """
        with gone as (delete from martlet_data.group_cancellations g where ctid = any (array(
            select c.ctid from martlet_data.group_cancellations c where c.cancelled_at < clock_timestamp() - $1::interval
                and c.cancelled_at < (select coalesce(min(to_date(substr(t.relname, 10), 'YYYYMMDD'))::timestamp at time zone 'UTC', 'infinity')
                    from pg_class t join pg_namespace n on n.oid = t.relnamespace
                    where n.nspname = 'martlet_data' and t.relname ~ '^messages_[0-9]{8}$' and t.relkind = 'r')
                and not exists (select from martlet_data.messages_default m where m.group_key = c.group_key) limit 10000)) returning 1)
        select count(*) from gone
        """
    }
    public func bind(_ parameters: inout PQParams) { parameters.interval(keep) }
    public static func read(_ rows: PQRows) throws -> Int64 { try rows.only.int8(0) }
}

/// Forgets requeues older than `keep` whose message is gone, a bounded number at a time; answers how many.
public struct PurgeRequeues: Statement {
    public var keep: Duration
    public init(keep: Duration) { self.keep = keep }
    public var sql: String {
        """
        with gone as (delete from martlet_data.requeues where ctid = any (array(
            select q.ctid from martlet_data.requeues q where q.requeued_at < clock_timestamp() - $1::interval
                and not exists (select from martlet_data.messages m where m.id = q.message_id) limit 10000)) returning 1)
        select count(*) from gone
        """
    }
    public func bind(_ parameters: inout PQParams) { parameters.interval(keep) }
    public static func read(_ rows: PQRows) throws -> Int64 { try rows.only.int8(0) }
}

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

/// Discards dead letters that died longer ago than `keep`, a bounded number at a time, with a receipt each and a line in the audit; answers how many.
public struct PurgeDeadLetters: Statement {
    public var keep: Duration
    public init(keep: Duration) { self.keep = keep }
    public var sql: String {
        """
        with gone as (delete from martlet_data.dead_letters where message_id = any (array(
                select d.message_id from martlet_data.dead_letters d where d.died_at < clock_timestamp() - $1::interval order by d.died_at limit 10000)) returning message_id, reason),
            told as (insert into martlet_data.receipts (message_id, kind, code, detail, actor)
                select message_id, 'discarded', reason, 'kept for as long as dead letters are', session_user from gone),
            noted as (insert into martlet_data.audit (action, object, why, detail)
                select 'discard', count(*) || ' dead letters', 'retention', jsonb_build_object('older_than', $1::interval) from gone having count(*) > 0)
        select count(*) from gone
        """
    }
    public func bind(_ parameters: inout PQParams) { parameters.interval(keep) }
    public static func read(_ rows: PQRows) throws -> Int64 { try rows.only.int8(0) }
}

/// Walks over people in the order of their keys, from behind `after`, and forgets those whose last hit is older than any cap looks back. Answers
/// where to go on; nil: that was the last.
public struct PurgeCapUsage: Statement {
    public static let limit = 10_000
    public var after: String
    public init(after: String) { self.after = after }
    public var sql: String {
        """
        with page as materialized (
            select u.recipient_key, length(u.hits) as length, right(encode(substr(u.hits, greatest(1, length(u.hits) - 15), 8), 'hex'), 16) as newest
            from martlet_data.cap_usage u where u.recipient_key > $1 order by u.recipient_key limit \(Self.limit)),
        idle as materialized (
            select u.recipient_key from martlet_data.cap_usage u where u.recipient_key = any (array(
                select p.recipient_key from page p where p.length = 0 or p.length % 24 = 0
                    and ('x' || p.newest)::bit(64)::int8 < extract(epoch from clock_timestamp()
                        - (select greatest(r.longest, interval '31 days') + interval '1 day' from martlet_data.cap_retention r)) * 1000000))
            for update skip locked),
        gone as (delete from martlet_data.cap_usage u using idle i where u.recipient_key = i.recipient_key
            and (length(u.hits) = 0 or ('x' || encode(substr(u.hits, length(u.hits) - 15, 8), 'hex'))::bit(64)::int8
                < extract(epoch from clock_timestamp() - interval '31 days') * 1000000) returning 1)
        select case when count(*) = \(Self.limit) then max(recipient_key) end, (select count(*) from gone) from page
        """
    }
    public func bind(_ parameters: inout PQParams) { parameters.text(after) }
    public static func read(_ rows: PQRows) throws -> String? { try rows.only.textOrNull(0) }
}

/// Refuses the follow-up that is due first and that nobody holds: the database refuses to decide it. Answers its message.
public struct RefuseFollowUp: Statement {
    public init() {}
    public var sql: String {
        """
        update martlet_data.follow_ups set state = 'refused', why = 'data_error', decided_at = clock_timestamp(), variables = null
        where message_id = (select d.message_id from martlet_data.follow_ups d where d.state = 'open' and d.due_at <= clock_timestamp()
            and not exists (select from martlet_data.link_visits v where v.message_id = d.message_id and v.machine is null and v.at > clock_timestamp() - interval '1 minute')
            order by d.due_at limit 1 for update skip locked)
        returning message_id
        """
    }
    public func bind(_ parameters: inout PQParams) {}
    public static func read(_ rows: PQRows) throws -> MessageID? { try rows.first?.messageID(0) }
}
