import Domain
import Postgres

/// The number of this cluster, and which ids carry it.
public struct LoadCluster: Statement {
    public init() {}
    public var sql: String { "select number, since_id from martlet.cluster limit 1" }
    public func bind(_ parameters: inout PQParams) {}
    public static func read(_ rows: PQRows) throws -> ClusterNumber {
        let row = try rows.only
        return ClusterNumber(number: Int(try row.int4(0)), since: try row.int8OrNull(1).map { MessageID($0) })
    }
}
