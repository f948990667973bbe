import Postgres

/// Lanes that an admin has paused.
public struct LoadPausedLanes: Statement {
    public init() {}
    public var sql: String { "select lane from martlet_data.lanes where paused_at is not null" }
    public func bind(_ parameters: inout PQParams) {}
    public static func read(_ rows: PQRows) throws -> Set<Int16> { Set(try rows.map { try $0.int2(0) }) }
}
