import Postgres

/// Cancels what a group has enqueued until now and what is not yet admitted.
public struct CancelGroup: Statement {
    public var group: String
    public init(group: String) { self.group = group }
    public var sql: String { "select martlet.cancel($1::text)" }
    public func bind(_ parameters: inout PQParams) { parameters.text(group) }
    public static func read(_ rows: PQRows) throws -> String { try rows.only.text(0) }
}
