import Postgres

/// The zones of a run by their numbers.
public struct RunZones: Statement {
    public var run: Int32
    public init(run: Int32) { self.run = run }
    public var sql: String { "select zone, time_zone from martlet_data.run_zones where run_id = $1 order by zone limit 10000" }
    public func bind(_ parameters: inout PQParams) { parameters.int4(run) }
    public static func read(_ rows: PQRows) throws -> [Int16: String] {
        var zones: [Int16: String] = [:]
        for row in rows { zones[try row.int2(0)] = try row.text(1) }
        return zones
    }
}
