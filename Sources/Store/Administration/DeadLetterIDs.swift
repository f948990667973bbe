import Domain
import Postgres

/// The next ids that match, in order: a bulk command works through them in batches.
public struct DeadLetterIDs: Statement {
    public var filter: DeadLetterFilter
    public var after: MessageID
    public var limit: Int
    public init(filter: DeadLetterFilter, after: MessageID, limit: Int) {
        self.filter = filter
        self.after = after
        self.limit = limit
    }
    public var sql: String {
        "select message_id from martlet.dead_letters where \(DeadLetterFilter.condition) and message_id > $9 order by message_id limit $10"
    }
    public func bind(_ parameters: inout PQParams) {
        filter.bind(&parameters)
        parameters.int8(after.rawValue)
        parameters.int8(Int64(limit))
    }
    public static func read(_ rows: PQRows) throws -> [MessageID] { try rows.map { try $0.messageID(0) } }
}
