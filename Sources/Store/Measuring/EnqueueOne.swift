import Domain
import Postgres

/// One call of the contract, as a service would make it; for the load generator.
public struct EnqueueOne: Statement {
    public var row: BulkRow
    public init(_ row: BulkRow) { self.row = row }
    public var sql: String {
        """
        select martlet.enqueue($1, $2, $3, $4, $5, recipient_key => $6, locale => $7)
        """
    }
    public func bind(_ parameters: inout PQParams) {
        parameters.text(row["class"])
        parameters.text(row["channel"])
        parameters.text(row["recipient"])
        parameters.text(row["template"])
        parameters.jsonb(row["variables"])
        parameters.text(row["recipient_key"])
        parameters.text(row["locale"])
    }
    public static func read(_ rows: PQRows) throws -> MessageID { try rows.only.messageID(0) }
}
