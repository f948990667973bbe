import Postgres

/// Lifts suppressions; answers how many.
public struct Unsuppress: Statement {
    public var channel: String
    public var address: String
    public var why: String
    /// nil: every scope.
    public var scope: String?
    public init(channel: String, address: String, why: String, scope: String?) {
        self.channel = channel
        self.address = address
        self.why = why
        self.scope = scope
    }
    public var sql: String { "select martlet.unsuppress($1, $2, $3, $4)" }
    public func bind(_ parameters: inout PQParams) {
        parameters.text(channel)
        parameters.text(address)
        parameters.text(why)
        parameters.text(scope)
    }
    public static func read(_ rows: PQRows) throws -> Int { Int(try rows.only.int4(0)) }
}
