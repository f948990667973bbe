import Domain
import Postgres

/// Cancels one message; answers `cancelled`, `too_late` or `already_final`.
public struct CancelOne: Statement {
    public var id: MessageID
    public init(id: MessageID) { self.id = id }
    public var sql: String { "select martlet.cancel($1::int8)" }
    public func bind(_ parameters: inout PQParams) { parameters.int8(id.rawValue) }
    public static func read(_ rows: PQRows) throws -> String { try rows.only.text(0) }
}
