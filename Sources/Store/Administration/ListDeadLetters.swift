import Postgres

/// Dead letters that match, newest death first.
public struct ListDeadLetters: Statement {
    public var filter: DeadLetterFilter
    public var limit: Int
    public init(filter: DeadLetterFilter, limit: Int) {
        self.filter = filter
        self.limit = limit
    }
    public var sql: String {
        """
        select \(DeadLetterRow.columns) from martlet.dead_letters where \(DeadLetterFilter.condition)
        order by died_at desc, message_id desc limit $9
        """
    }
    public func bind(_ parameters: inout PQParams) {
        filter.bind(&parameters)
        parameters.int8(Int64(limit))
    }
    public static func read(_ rows: PQRows) throws -> [DeadLetterRow] { try rows.map(DeadLetterRow.init) }
}
