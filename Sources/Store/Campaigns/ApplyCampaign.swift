import Postgres

/// Stores what operators wrote when it differs from the newest version; answers the version that is in force.
public struct ApplyCampaign: Statement {
    public var name: String
    public var definition: String
    public init(name: String, definition: String) {
        self.name = name
        self.definition = definition
    }
    public struct Answer: Sendable, Equatable {
        public var version: Int32
        public var isNew: Bool
    }
    public var sql: String {
        """
        with newest as (select version, definition from martlet_data.campaigns where name = $1 order by version desc limit 1),
        added as (
            insert into martlet_data.campaigns (name, version, definition)
            select $1, coalesce((select version from newest), 0) + 1, $2 where not exists (select from newest where definition = $2) returning version)
        select coalesce((select version from added), (select version from newest)), exists (select from added)
        """
    }
    public func bind(_ parameters: inout PQParams) {
        parameters.text(name)
        parameters.text(definition)
    }
    public static func read(_ rows: PQRows) throws -> Answer {
        Answer(version: try rows.only.int4(0), isNew: try rows.only.bool(1))
    }
}
