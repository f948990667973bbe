import Postgres

/// Rows in COPY's text format, some hundred at a time.
struct BulkChunks: AsyncSequence, Sendable {
    typealias Element = [UInt8]

    /// Where the encoding has come to.
    struct AsyncIterator: AsyncIteratorProtocol {
        let rows: [BulkRow]
        var position = 0

        mutating func next() async -> [UInt8]? {
            guard position < rows.count else { return nil }
            var bytes: [UInt8] = []
            while position < rows.count, bytes.count < 64 * 1024 {
                rows[position].encode(into: &bytes)
                position += 1
            }
            return bytes
        }
    }

    let rows: [BulkRow]

    init(_ rows: [BulkRow]) { self.rows = rows }

    func makeAsyncIterator() -> AsyncIterator { AsyncIterator(rows: rows) }
}

extension StoreConnection {
    /// Copies rows into `martlet.bulk_enqueue`, in the open transaction if there is one.
    ///
    /// nil: all are in. Else why the server did not take one of them; then none is in, and the transaction has failed up to its last
    /// savepoint. Throws what is no row's fault.
    public func copy(_ rows: [BulkRow], within deadline: Duration? = nil) async throws -> RowRefusal? {
        let columns = BulkRow.columns.joined(separator: ", ")
        do {
            let sql = "copy martlet.bulk_enqueue (\(columns)) from stdin (format text, encoding 'UTF8')"
            let count = try await connection.copyIn(sql, name: "BulkCopy", chunks: BulkChunks(rows), within: deadline)
            guard count == rows.count else {
                throw StoreError.internalError("BulkCopy: \(rows.count) rows were sent, the server counts \(count)")
            }
            return nil
        } catch let error as PQError {
            if case .server(let refusal) = error, let row = RowRefusal(refusal), row.row < rows.count { return row }
            throw StoreError(error)
        }
    }
}

extension RowRefusal {
    /// nil: it is not about a row's values.
    init?(_ error: PQServerError) {
        let state = error.sqlstate
        guard state.hasPrefix("MT") || state.hasPrefix("22") || state.hasPrefix("23"), state != "MT014",
            let place = Self.place(in: error.context ?? "")
        else { return nil }
        row = place.row
        sqlstate = state
        reason = error.message
        remedy = error.hint
        field = place.column
        if let named = error.message.wholeMatch(of: /(?s)field ([a-z_]+): (.*)/) {
            field = String(named.1)
            reason = String(named.2)
        }
    }

    /// `COPY bulk_enqueue, line 3, column scheduled_at: "…"`, in whatever language. The first that begins a line: what follows the
    /// column is the row's own text.
    static func place(in context: String) -> (row: Int, column: String?)? {
        for line in context.split(separator: "\n") where line.hasPrefix("COPY bulk_enqueue, ") {
            let rest = line.dropFirst("COPY bulk_enqueue, ".count)
            guard let number = rest.prefixMatch(of: /[^0-9:"]*([0-9]+)(?:, [^0-9:" ]+ ([a-z_]+))?/), let line = Int(number.1),
                line > 0
            else { return nil }
            return (line - 1, number.2.map(String.init))
        }
        return nil
    }
}
