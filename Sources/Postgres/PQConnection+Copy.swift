import CLibPQ

extension PQConnection {
    /// Runs `copy … from stdin` with the chunks as its data and returns the number of rows. Chunks need not end where rows end.
    ///
    /// Memory is bounded by one chunk and the socket's buffer: the next chunk is asked for when the kernel has taken the last one. When
    /// the source fails, or the task is cancelled between chunks, the COPY is ended with that reason, nothing is copied, the error is
    /// rethrown and the connection stays usable. `within` limits each wait for the server, not the source. A row that the server refuses
    /// is reported at the end, so keep one COPY to some megabytes.
    public nonisolated(nonsending) func copyIn<Chunks: AsyncSequence>(
        _ sql: String, name: String = "copy", chunks: Chunks, within: Duration? = nil
    ) async throws -> Int where Chunks.Element == [UInt8] {
        try await startCopy(sql, name, within)
        do {
            for try await chunk in chunks {
                try Task.checkCancellation()
                try await putCopy(chunk, name, within)
            }
            // An AsyncStream ends quietly when its reader is cancelled: that is not the end of the data.
            try Task.checkCancellation()
        } catch {
            await abandonCopy(name, "\(error)")
            throw error
        }
        return try await endCopy(name, within)
    }

    private func startCopy(_ sql: String, _ name: String, _ within: Duration?) async throws {
        try await enterExclusive(name, within: within)
        do {
            try leavePipeline(name)
            guard let handle, PQsendQuery(handle, "/* \(name) */ \(sql)") == 1 else { throw lostWhile(name) }
            let deadline = Deadline(within ?? options.queryDeadline)
            guard let result = try await nextResult(name, deadline) else { throw lostWhile(name) }
            defer { PQclear(result) }
            if PQresultStatus(result) == PGRES_COPY_IN { return }
            let refusal: PQError =
                PQresultStatus(result) == PGRES_FATAL_ERROR
                ? .server(PQServerError(result, statement: name)) : .misuse("\(name): this is not `copy … from stdin`")
            if PQresultStatus(result) == PGRES_COPY_OUT { end("\(name): copy to stdout") }
            try await finishSimple(name, deadline)
            throw refusal
        } catch {
            leaveExclusive()
            throw error
        }
    }

    private func putCopy(_ chunk: [UInt8], _ name: String, _ within: Duration?) async throws {
        guard let handle else { throw lostWhile(name) }
        if chunk.isEmpty { return }
        let status = chunk.withUnsafeBytes {
            PQputCopyData(handle, $0.baseAddress!.assumingMemoryBound(to: CChar.self), Int32($0.count))
        }
        guard status == 1 else { throw lostWhile(name) }
        try await drain(name, within)
    }

    /// Waits until libpq's buffer is empty; without it a non-blocking libpq would keep the whole source in memory.
    private func drain(_ name: String, _ within: Duration?, shielded: Bool = false) async throws {
        let deadline = Deadline(within ?? options.queryDeadline)
        while let handle {
            let pending = PQflush(handle)
            if pending < 0 { throw lostWhile(name) }
            if pending == 0 { return }
            try await socketEvent(name, deadline, writable: true, shielded: shielded)
        }
        throw lostWhile(name)
    }

    private func endCopy(_ name: String, _ within: Duration?) async throws -> Int {
        defer { leaveExclusive() }
        guard let handle, PQputCopyEnd(handle, nil) == 1 else { throw lostWhile(name) }
        try await drain(name, within)
        return try await finishSimple(name, Deadline(within ?? options.queryDeadline))?.affected ?? 0
    }

    /// Shielded: this runs in cancelled tasks too, and leaves the connection usable or closed.
    private func abandonCopy(_ name: String, _ reason: String) async {
        defer { leaveExclusive() }
        guard let handle, PQputCopyEnd(handle, "the source failed: \(reason)") == 1 else { return end("\(name) was abandoned") }
        do {
            try await drain(name, .seconds(5), shielded: true)
            try await finishSimple(name, Deadline(.seconds(5)), shielded: true)
        } catch {
            // The refusal we asked for. Had anything else happened, the connection would be closed by now.
            if PQtransactionStatus(handle) == PQTRANS_ACTIVE, self.handle != nil { end("\(name) was abandoned") }
        }
    }
}
