import Store

/// One chunk of people in one transaction: rows of the list, rejects, the import's position.
///
/// What PostgreSQL cannot read as JSON refuses the whole call; then halves are tried, down to the rows themselves.
struct PeopleCommit: Sendable {
    let chunk: Chunk
    let advance: ImportAdvance
    let list: Int32

    /// - Parameter prepared: called with all rejects before the commit; what it throws rolls back.
    func run(
        on connection: StoreConnection, prepared: @Sendable (ChunkCommit.Outcome) async throws -> Void
    ) async throws -> ChunkCommit.Outcome {
        do {
            try await connection.begin()
            var rejects = chunk.rejects
            if !chunk.records.isEmpty {
                try await connection.run(BulkSavepoint())
                rejects += try await add(chunk.records[...], on: connection)
                try await connection.run(BulkRelease())
            }
            rejects.sort { $0.line < $1.line }
            let outcome = ChunkCommit.Outcome(
                enqueued: chunk.records.count + chunk.rejects.count - rejects.count, rejects: rejects)
            if !rejects.isEmpty {
                try await connection.run(
                    RejectAudienceLines(
                        list: list, lines: rejects.map { Int64($0.line) },
                        fields: rejects.map { String(($0.field ?? "line").prefix(256)) },
                        problems: rejects.map { String("\($0.reason); \($0.remedy)".prefix(1000)) }))
            }
            try await prepared(outcome)
            var advance = advance
            advance.enqueued = Int64(outcome.enqueued)
            try await connection.commit(advance)
            return outcome
        } catch {
            await connection.rollbackAfterError()
            throw error
        }
    }

    private func add(_ records: ArraySlice<Record>, on connection: StoreConnection) async throws -> [Reject] {
        do {
            try await connection.run(
                AddAudienceRows(list: list, lines: records.map { Int64($0.line) }, rows: records.map(\.row)))
            _ = try await connection.run(BulkRelease(), BulkSavepoint())
            return []
        } catch let error as StoreError where error.sqlstate?.hasPrefix("22") == true {
            try await connection.run(BulkRollback())
            guard records.count > 1 else {
                return records.map {
                    Reject(
                        $0.line, $0.row["addresses"] == nil ? "variables" : "addresses", "bad_json",
                        "PostgreSQL cannot read it: \(error.refusal?.message ?? "")",
                        "Write a JSON object of texts that UTF-8 can hold.",
                        record: $0.text)
                }
            }
            let middle = records.startIndex + records.count / 2
            return try await add(records[..<middle], on: connection) + add(records[middle...], on: connection)
        }
    }
}
