import Postgres

/// Begins a list; answers its number.
public struct BeginAudience: Statement {
    public var name: String
    public init(name: String) { self.name = name }
    public var sql: String { "select martlet.begin_audience($1::text)" }
    public func bind(_ parameters: inout PQParams) { parameters.text(name) }
    public static func read(_ rows: PQRows) throws -> Int32 { try rows.only.int4(0) }
}
