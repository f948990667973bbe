import Postgres

/// A list of people from a query that runs with the caller's rights. SQLSTATEs MT020, MT021.
public struct CreateAudience: Statement {
    public var name: String
    public var query: String
    public init(name: String, query: String) {
        self.name = name
        self.query = query
    }
    public var sql: String { "select members, rejected from martlet.create_audience($1::text, $2::text)" }
    public func bind(_ parameters: inout PQParams) {
        parameters.text(name)
        parameters.text(query)
    }
    public static func read(_ rows: PQRows) throws -> (members: Int64, rejected: Int64) {
        (try rows.only.int8(0), try rows.only.int8(1))
    }
}
