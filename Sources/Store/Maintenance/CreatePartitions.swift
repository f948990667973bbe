import Postgres

/// Daily partitions of messages, attempts, receipts and the ids of carriers, 14 days ahead.
public struct CreatePartitions: Statement {
    public var days: Int32
    public init(days: Int32 = 14) { self.days = days }
    public var sql: String { "select martlet_data.create_partitions($1)" }
    public func bind(_ parameters: inout PQParams) { parameters.int4(days) }
    public static func read(_ rows: PQRows) throws -> Int32 { try rows.only.int4(0) }
}
