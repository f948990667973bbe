import Domain
import Postgres

/// Moves what is due into its ready lane. `from` is a lower bound that spares the dead prefix; the sweep calls it without.
public struct PromoteDue: Statement {
    public var part: Int16
    public var from: Timestamp?
    public var limit: Int32
    public init(part: Int16, from: Timestamp? = nil, limit: Int32 = 1000) {
        self.part = part
        self.from = from
        self.limit = limit
    }
    public struct Answer: Sendable {
        public var count: Int
        public var now: Timestamp
    }
    public var sql: String {
        """
        with picked as materialized (
            select ctid as tid, due_at, message_id, lane, attempt, burned, resends, deaths, series from martlet_data.due_\(part)
            where due_at >= coalesce($1::timestamptz, '-infinity') and due_at <= clock_timestamp() order by due_at limit $2 for update skip locked),
        gone as (delete from martlet_data.due_\(part) where ctid = any (array(select tid from picked))),
        promoted as (
            insert into martlet_data.ready (slot, seq, message_id, attempt, burned, resends, deaths, series)
            select (pg_sequence_last_value(l.cursor) & 4095)::int2, nextval('martlet_data.message_seq'), p.message_id, p.attempt, p.burned,
                p.resends, p.deaths, p.series
            from picked p join martlet_data.lanes l on l.lane = p.lane order by p.due_at)
        select count(*), clock_timestamp(), case when count(*) > 0 then martlet_data.wake_sleeper() end from picked
        """
    }
    public func bind(_ parameters: inout PQParams) {
        parameters.timestamp(from)
        parameters.int8(Int64(limit))
    }
    public static func read(_ rows: PQRows) throws -> Answer {
        Answer(count: Int(try rows.only.int8(0)), now: try rows.only.timestamp(1))
    }
}

/// Makes a part more, in a transaction of its own: `AdvanceRing` moves the cursor before it commits, and an enqueue that follows
/// the cursor must find the part.
public struct AddRingPart: Statement {
    public var kind: LoadRingParts.Kind
    public var lane: Int16
    public init(kind: LoadRingParts.Kind, lane: Int16) {
        self.kind = kind
        self.lane = lane
    }
    public var sql: String { "select martlet_data.add_segment($1, $2)" }
    public func bind(_ parameters: inout PQParams) {
        parameters.text(kind.rawValue)
        parameters.int2(lane)
    }
    public static func read(_ rows: PQRows) throws -> Int16 { try rows.only.int2(0) }
}

/// Points appends at a fresh part.
public struct AdvanceRing: Statement {
    public var kind: LoadRingParts.Kind
    public var lane: Int16
    public init(kind: LoadRingParts.Kind, lane: Int16) {
        self.kind = kind
        self.lane = lane
    }
    public var sql: String { "select martlet_data.advance_segment($1, $2)" }
    public func bind(_ parameters: inout PQParams) {
        parameters.text(kind.rawValue)
        parameters.int2(lane)
    }
    public static func read(_ rows: PQRows) throws -> Int16 { try rows.only.int2(0) }
}

/// Gives an empty part back by TRUNCATE, or, when readers never let go of it, as autovacuum has left it (some rounds later); false when it is in
/// use, pinned or not empty. Never waits.
public struct RetireRingPart: Statement {
    public var kind: LoadRingParts.Kind
    public var part: Int16
    public init(kind: LoadRingParts.Kind, part: Int16) {
        self.kind = kind
        self.part = part
    }
    public var sql: String { "select martlet_data.retire_segment($1, $2)" }
    public func bind(_ parameters: inout PQParams) {
        parameters.text(kind.rawValue)
        parameters.int2(part)
    }
    public static func read(_ rows: PQRows) throws -> Bool { try rows.only.bool(0) }
}

/// One duty at a time in the cluster, without a leader: whoever gets the lock does the work of this round.
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

/// Daily partitions of messages, attempts, receipts and the ids of carriers, 14 days ahead.
public struct CreatePartitions: Statement {
    public var days: Int32
    public init(days: Int32 = 14) { self.days = days }
    public var sql: String { "select martlet_data.create_partitions($1)" }
    public func bind(_ parameters: inout PQParams) { parameters.int4(days) }
    public static func read(_ rows: PQRows) throws -> Int32 { try rows.only.int4(0) }
}

/// Forgets idempotency keys older than `keep`, a bounded number at a time; answers how many.
public struct PurgeIdempotencyKeys: Statement {
    public var keep: Duration
    public var limit: Int32
    public init(keep: Duration, limit: Int32 = 10_000) {
        self.keep = keep
        self.limit = limit
    }
    public var sql: String {
        """
        with gone as (delete from martlet_data.idempotency_keys where ctid = any (array(
            select ctid from martlet_data.idempotency_keys where created_at < clock_timestamp() - $1::interval limit $2)) returning 1)
        select count(*) from gone
        """
    }
    public func bind(_ parameters: inout PQParams) {
        parameters.interval(keep)
        parameters.int8(Int64(limit))
    }
    public static func read(_ rows: PQRows) throws -> Int64 { try rows.only.int8(0) }
}

/// How long the server has been up, or since it was promoted as far as can be seen.
public struct ServerUp: Statement {
    public init() {}
    public var sql: String { "select clock_timestamp() - pg_postmaster_start_time()" }
    public func bind(_ parameters: inout PQParams) {}
    public static func read(_ rows: PQRows) throws -> Duration { try rows.only.interval(0) }
}

/// Whether nothing is ready and nothing is leased, in any lane: what `--until-idle` waits for.
public struct QueueIsEmpty: Statement {
    public init() {}
    public var sql: String {
        "select not exists (select from martlet_data.ready) and not exists (select from martlet_data.leased)"
    }
    public func bind(_ parameters: inout PQParams) {}
    public static func read(_ rows: PQRows) throws -> Bool { try rows.only.bool(0) }
}
