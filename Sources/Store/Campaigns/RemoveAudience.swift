import Postgres

/// Removes a list; answers how many people it had.
public struct RemoveAudience: Statement {
    public var name: String
    public var why: String
    public init(name: String, why: String) {
        self.name = name
        self.why = why
    }
    public var sql: String { "select martlet.remove_audience($1::text, $2::text)" }
    public func bind(_ parameters: inout PQParams) {
        parameters.text(name)
        parameters.text(why)
    }
    public static func read(_ rows: PQRows) throws -> Int64 { try rows.only.int8(0) }
}
