import Domain
import Postgres

/// Which of these messages are settled (`UnknownOutcome.settledBy`), and by which receipt; read in a statement after the lock.
public struct FindSettled: Statement {
    public var messageIDs: [MessageID]
    public init(messageIDs: [MessageID]) { self.messageIDs = messageIDs }
    public var sql: String {
        "select i.message_id, s.kind from unnest($1::int8[]) i(message_id) cross join lateral (\(UnknownOutcome.settledBy("i.message_id"))) s"
    }
    public func bind(_ parameters: inout PQParams) { parameters.messageIDs(messageIDs) }
    public static func read(_ rows: PQRows) throws -> [MessageID: String] {
        Dictionary(try rows.map { (try $0.messageID(0), try $0.text(1)) }) { $1 }
    }
}
