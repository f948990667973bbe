import Domain
import Postgres

/// The newest version of each journey, or of one, as operators wrote it.
public struct LoadJourneys: Statement {
    public var name: String?
    public init(name: String? = nil) { self.name = name }
    public struct Stored: Sendable {
        public var name: String
        public var version: Int32
        public var definition: String
        public var appliedAt: Timestamp
        public var appliedBy: String
    }
    public var sql: String {
        """
        select j.name, v.version, v.definition, v.applied_at, v.applied_by from martlet_data.journeys j
            join martlet_data.journey_versions v on v.journey_id = j.id and v.version = j.version
        where $1::text is null or j.name = $1 order by j.name limit 10000
        """
    }
    public func bind(_ parameters: inout PQParams) { parameters.text(name) }
    public static func read(_ rows: PQRows) throws -> [Stored] {
        try rows.map {
            Stored(
                name: try $0.text(0), version: try $0.int4(1), definition: try $0.text(2), appliedAt: try $0.timestamp(3),
                appliedBy: try $0.text(4))
        }
    }
}
