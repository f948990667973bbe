import Postgres

/// How many people are at each step of a journey, by the version that they are in.
public struct JourneySteps: Statement {
    public var journey: String
    public init(journey: String) { self.journey = journey }
    public struct Count: Sendable {
        public var version: Int32
        public var step: String
        public var people: Int64
        /// Of that version.
        public var definition: String
    }
    public var sql: String {
        """
        select p.version, p.step, p.people, v.definition from martlet_data.journeys j
            cross join lateral (select p.version, p.step, count(*) as people from martlet_data.journey_people p
                where p.journey_id = j.id and p.state = 'in' group by p.version, p.step) p
            join martlet_data.journey_versions v on v.journey_id = j.id and v.version = p.version
        where j.name = $1 order by p.version, p.step limit 100000
        """
    }
    public func bind(_ parameters: inout PQParams) { parameters.text(journey) }
    public static func read(_ rows: PQRows) throws -> [Count] {
        try rows.map {
            Count(version: try $0.int4(0), step: try $0.text(1), people: try $0.int8(2), definition: try $0.text(3))
        }
    }
}
