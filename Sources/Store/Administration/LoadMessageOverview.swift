import Domain
import Postgres

/// The state of one message; nil when there is none.
public struct LoadMessageOverview: Statement {
    public var id: MessageID
    public init(id: MessageID) { self.id = id }
    public var sql: String { "select \(MessageOverview.columns) from martlet.message_status where message_id = $1 limit 1" }
    public func bind(_ parameters: inout PQParams) { parameters.int8(id.rawValue) }
    public static func read(_ rows: PQRows) throws -> MessageOverview? { try rows.first.map(MessageOverview.init) }
}
