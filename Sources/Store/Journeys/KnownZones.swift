import Postgres

/// Those of some names that are zones.
public struct KnownZones: Statement {
    public var zones: [String]
    public init(zones: [String]) { self.zones = zones }
    public var sql: String { "select name from martlet_data.time_zones where name = any ($1::text[]) order by name limit 10000" }
    public func bind(_ parameters: inout PQParams) { parameters.textArray(zones) }
    public static func read(_ rows: PQRows) throws -> [String] { try rows.map { try $0.text(0) } }
}
