import Domain
import Postgres

/// The newest version of each campaign, or of one.
public struct LoadCampaigns: Statement {
    public var name: String?
    public init(name: String? = nil) { self.name = name }
    public struct Stored: Sendable {
        public var name: String
        public var version: Int32
        public var definition: String
        public var appliedAt: Timestamp
        public var appliedBy: String
        public var runs: Int64
    }
    public var sql: String {
        """
        select distinct on (c.name) c.name, c.version, c.definition, c.applied_at, c.applied_by,
            (select count(*) from martlet_data.runs r where r.campaign = c.name)
        from martlet_data.campaigns c where $1::text is null or c.name = $1 order by c.name, c.version desc limit 10000
        """
    }
    public func bind(_ parameters: inout PQParams) { parameters.text(name) }
    public static func read(_ rows: PQRows) throws -> [Stored] {
        try rows.map {
            Stored(
                name: try $0.text(0), version: try $0.int4(1), definition: try $0.text(2), appliedAt: try $0.timestamp(3),
                appliedBy: try $0.text(4), runs: try $0.int8(5))
        }
    }
}
