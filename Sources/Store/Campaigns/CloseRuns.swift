import Postgres

/// Runs whose chunks are all released are not looked at any more; answers how many.
public struct CloseRuns: Statement {
    public init() {}
    public var sql: String { "select martlet_data.close_runs()" }
    public func bind(_ parameters: inout PQParams) {}
    public static func read(_ rows: PQRows) throws -> Int32 { try rows.only.int4(0) }
}
