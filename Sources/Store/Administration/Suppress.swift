import Postgres

/// From its commit on nothing of this scope is admitted to the address. Answers the suppression's id.
public struct Suppress: Statement {
    public var channel: String
    public var address: String
    public var scope: String
    public var reason: String
    public init(channel: String, address: String, scope: String, reason: String) {
        self.channel = channel
        self.address = address
        self.scope = scope
        self.reason = reason
    }
    public var sql: String { "select martlet.suppress($1, $2, $3, $4)" }
    public func bind(_ parameters: inout PQParams) {
        parameters.text(channel)
        parameters.text(address)
        parameters.text(scope)
        parameters.text(reason)
    }
    public static func read(_ rows: PQRows) throws -> Int64 { try rows.only.int8(0) }
}
