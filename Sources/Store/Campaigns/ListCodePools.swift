import Postgres

/// The pools with what became of their codes.
public struct ListCodePools: Statement {
    public var pool: String?
    public init(pool: String? = nil) { self.pool = pool }
    public struct Pool: Sendable, Equatable {
        public var name: String
        public var codes: Int64
        public var free: Int64
        public var reserved: Int64
        public var held: Int64
        public var spent: Int64
        public var expired: Int64
        public init(name: String, codes: Int64, free: Int64, reserved: Int64, held: Int64, spent: Int64, expired: Int64) {
            self.name = name
            self.codes = codes
            self.free = free
            self.reserved = reserved
            self.held = held
            self.spent = spent
            self.expired = expired
        }
    }
    public var sql: String {
        "select pool, codes, free, reserved, held, spent, expired from martlet.code_pools where $1::text is null or pool = $1 order by pool limit 1000"
    }
    public func bind(_ parameters: inout PQParams) { parameters.text(pool) }
    public static func read(_ rows: PQRows) throws -> [Pool] {
        try rows.map {
            Pool(
                name: try $0.text(0), codes: try $0.int8(1), free: try $0.int8(2), reserved: try $0.int8(3), held: try $0.int8(4),
                spent: try $0.int8(5), expired: try $0.int8(6))
        }
    }
}
