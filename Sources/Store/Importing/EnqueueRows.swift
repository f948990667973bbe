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

/// What follows if a message fails or is not heard of in time, for rows of the same transaction; answers how many have one.
public struct FollowUpRows: Statement {
    public var messageIDs: [MessageID]
    /// JSON objects with the arguments of `martlet.follow_up`, one for each message; nil: none.
    public var followUps: [String?]
    public var checksTemplates: Bool
    public init(messageIDs: [MessageID], followUps: [String?], checksTemplates: Bool = true) {
        self.messageIDs = messageIDs
        self.followUps = followUps
        self.checksTemplates = checksTemplates
    }
    public var sql: String { "select martlet.follow_up_rows($1, $2, $3)" }
    public func bind(_ parameters: inout PQParams) {
        parameters.messageIDs(messageIDs)
        parameters.textArray(followUps)
        parameters.bool(checksTemplates)
    }
    public static func read(_ rows: PQRows) throws -> Int32 { try rows.only.int4(0) }
}

extension StoreConnection {
    /// Enqueues rows, in the open transaction if there is one.
    ///
    /// nil: all are in. Else why the server did not take one of them; then none is in, and the transaction has failed up to its last
    /// savepoint. Throws what is no row's fault.
    public func enqueue(_ rows: [BulkRow], checksTemplates: Bool = true, within deadline: Duration? = nil) async throws
        -> RowRefusal?
    {
        for start in stride(from: 0, to: rows.count, by: EnqueueRows.limit) {
            let part = Array(rows[start..<min(start + EnqueueRows.limit, rows.count)])
            do {
                let ids = try await run(EnqueueRows(rows: part, checksTemplates: checksTemplates), within: deadline)
                guard ids.count == part.count else {
                    throw StoreError.internalError(
                        "EnqueueRows: \(part.count) rows were sent, the server answers \(ids.count) ids")
                }
                let followUps = part.map { $0[BulkRow.followUpColumn] }
                if followUps.contains(where: { $0 != nil }) {
                    _ = try await run(
                        FollowUpRows(messageIDs: ids, followUps: followUps, checksTemplates: checksTemplates), within: deadline)
                }
            } catch StoreError.refused(let error) {
                guard var row = RowRefusal(error), row.row < part.count else {
                    throw StoreError.refused(error)
                }
                row.row += start
                return row
            }
        }
        return nil
    }
}

extension RowRefusal {
    /// nil: it is not about a row's values.
    init?(_ error: PQServerError) {
        let state = error.sqlstate
        guard state.hasPrefix("MT") || state.hasPrefix("22") || state.hasPrefix("23"),
            let place = error.message.wholeMatch(of: /(?s)element ([0-9]+): (?:field ([a-z_]+): )?(.*)/),
            let number = Int(place.1), number > 0
        else { return nil }
        row = number - 1
        sqlstate = state
        field = place.2.map(String.init)
        reason = String(place.3)
        remedy = error.hint
    }
}
