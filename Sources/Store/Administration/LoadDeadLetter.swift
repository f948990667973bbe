import Domain
import Postgres

/// One dead letter with the body and history it kept (admins only).
public struct LoadDeadLetter: Statement {
    public var id: MessageID
    public init(id: MessageID) { self.id = id }
    public struct Letter: Sendable {
        public var row: DeadLetterRow
        /// JSON object: the message as it was enqueued.
        public var message: String
        /// JSON array of receipts.
        public var history: String
        /// Its class erases bodies.
        public var isErased: Bool
    }
    public var sql: String {
        """
        select \(DeadLetterRow.columns.split(separator: ", ").map { "v.\($0)" }.joined(separator: ", ")), d.message, d.history,
            coalesce((select c.erases_body from martlet_data.classes c where c.name = d.class), false)
        from martlet.dead_letters v join martlet_data.dead_letters d on d.message_id = v.message_id where v.message_id = $1 limit 1
        """
    }
    public func bind(_ parameters: inout PQParams) { parameters.int8(id.rawValue) }
    public static func read(_ rows: PQRows) throws -> Letter? {
        try rows.first.map {
            Letter(row: try DeadLetterRow($0), message: try $0.jsonb(13), history: try $0.jsonb(14), isErased: try $0.bool(15))
        }
    }
}
