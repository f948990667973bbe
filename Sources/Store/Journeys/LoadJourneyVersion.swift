import Postgres

/// A version of a journey as operators wrote it.
public struct LoadJourneyVersion: Statement {
    public var journey: Int32
    public var version: Int32
    public init(journey: Int32, version: Int32) {
        self.journey = journey
        self.version = version
    }
    public var sql: String {
        """
        select j.name, v.definition from martlet_data.journey_versions v join martlet_data.journeys j on j.id = v.journey_id
        where v.journey_id = $1 and v.version = $2
        """
    }
    public func bind(_ parameters: inout PQParams) {
        parameters.int4(journey)
        parameters.int4(version)
    }
    public static func read(_ rows: PQRows) throws -> (name: String, definition: String)? {
        try rows.first.map { (try $0.text(0), try $0.text(1)) }
    }
}
