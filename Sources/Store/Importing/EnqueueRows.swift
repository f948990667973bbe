import Domain
import Postgres

/// Many rows by one call of `martlet.enqueue_rows`; answers their ids in order.
///
/// Arrays and not COPY: COPY ends in a trigger for each row, which costs five times as much (`Sources/Producer/README.md`).
public struct EnqueueRows: Statement {
    /// At most this many at once (the function's limit).
    public static let limit = 10_000
    public var rows: [BulkRow]
    /// False: also what no template that is pushed can render.
    public var checksTemplates: Bool
    public init(rows: [BulkRow], checksTemplates: Bool = true) {
        self.rows = rows
        self.checksTemplates = checksTemplates
    }

    public var sql: String {
        let arguments = BulkRow.columns.enumerated().map { "\($1) => $\($0 + 1)" }
        return
            "select martlet.enqueue_rows(\(arguments.joined(separator: ", ")), check_template => $\(BulkRow.columns.count + 1))"
    }
    public func bind(_ parameters: inout PQParams) {
        for column in BulkRow.columns.indices {
            let values = rows.map { $0.value(column) }
            // Most columns are absent from most files.
            if column > 3 && !values.contains(where: { $0 != nil }) {
                parameters.null(.textArray)
            } else {
                parameters.textArray(values)
            }
        }
        parameters.bool(checksTemplates)
    }
    public static func read(_ rows: PQRows) throws -> [MessageID] { try rows.only.int8Array(0).map { MessageID($0) } }
}
