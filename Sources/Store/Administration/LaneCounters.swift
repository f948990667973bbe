import Domain
import Postgres

/// Rows put into and taken out of each lane since the server's counters began; two samples make a rate without touching a queue table.
public struct LaneCounters: Statement {
    public init() {}
    public struct Counters: Sendable, Equatable {
        public var entered: Int64
        public var taken: Int64
    }
    public struct Answer: Sendable {
        public var at: Timestamp
        public var lanes: [Int: Counters]
    }
    public var sql: String {
        """
        select s.lane, coalesce(sum(pg_stat_get_tuples_inserted(c.oid)), 0)::int8, coalesce(sum(pg_stat_get_tuples_deleted(c.oid)), 0)::int8,
            clock_timestamp()
        from martlet_data.segments s join pg_class c on c.oid = to_regclass('martlet_data.ready_' || s.slot)
        where s.kind = 'ready' group by s.lane limit 100
        """
    }
    public func bind(_ parameters: inout PQParams) {}
    public static func read(_ rows: PQRows) throws -> Answer {
        var answer = Answer(at: Timestamp(microseconds: 0), lanes: [:])
        for row in rows {
            answer.lanes[Int(try row.int2(0))] = Counters(entered: try row.int8(1), taken: try row.int8(2))
            answer.at = try row.timestamp(3)
        }
        return answer
    }
}
