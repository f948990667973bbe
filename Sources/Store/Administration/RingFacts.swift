import Postgres

/// How large the rings have grown. Admins only.
public struct RingFacts: Statement {
    public init() {}
    public struct Ring: Sendable {
        public var kind: String
        public var parts: Int
        public var inUse: Int
        public var bytes: Int64
    }
    public var sql: String {
        """
        select s.kind, count(*), count(*) filter (where not s.is_free),
            coalesce(sum(pg_total_relation_size(to_regclass('martlet_data.' || s.kind || '_' || s.slot))), 0)::int8
        from martlet_data.segments s group by s.kind order by s.kind limit 10
        """
    }
    public func bind(_ parameters: inout PQParams) {}
    public static func read(_ rows: PQRows) throws -> [Ring] {
        try rows.map {
            Ring(kind: try $0.text(0), parts: Int(try $0.int8(1)), inUse: Int(try $0.int8(2)), bytes: try $0.int8(3))
        }
    }
}
