import Domain
import Postgres

/// Suppresses the address of a message on its channel, as its recipient asked for; answers whether that changed anything, nil when the
/// message is gone.
public struct Unsubscribe: Statement {
    public var messageID: MessageID
    /// A class.
    public var scope: String
    public init(messageID: MessageID, scope: String) {
        self.messageID = messageID
        self.scope = scope
    }
    public var sql: String { "select martlet_data.unsubscribe($1, $2)" }
    public func bind(_ parameters: inout PQParams) {
        parameters.int8(messageID.rawValue)
        parameters.text(scope)
    }
    public static func read(_ rows: PQRows) throws -> Bool? { try rows.only.boolOrNull(0) }
}
