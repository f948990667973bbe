import Postgres

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
