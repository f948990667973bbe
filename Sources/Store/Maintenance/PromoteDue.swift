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
