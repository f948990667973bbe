/// Lets the chunks of an import commit one after another, in the file's order, while those behind are on their way already.
actor Turnstile {
    /// Those before it took too long: what waits may be what they wait for (the same idempotency key), so it gives everything back first.
    struct TooLong: Error {}

    private(set) var summary: ImportSummary
    private var next = 0
    private var waiting: [Int: CheckedContinuation<Void, any Error>] = [:]

    init(_ start: ImportSummary) { summary = start }

    /// Returns when all chunks before this one are in.
    /// - Throws: `CancellationError`; `TooLong` after `limit`.
    func wait(for number: Int, atMost limit: Duration? = nil) async throws {
        guard number > next else { return }
        guard let limit else { return try await enter(number) }
        try await withThrowingTaskGroup(of: Void.self) { group in
            group.addTask { try await self.enter(number) }
            group.addTask {
                try await Task.sleep(for: limit)
                throw TooLong()
            }
            try await group.next()
            group.cancelAll()
        }
    }

    /// This chunk is in; answers what is in by now.
    func passed(_ number: Int, _ outcome: ChunkCommit.Outcome, to line: Int) -> ImportSummary {
        summary.enqueued += outcome.enqueued
        summary.rejected += outcome.rejects.count
        summary.reasons.add(outcome.rejects)
        summary.lines = line
        next = number + 1
        waiting.removeValue(forKey: next)?.resume()
        return summary
    }

    private func enter(_ number: Int) async throws {
        try await withTaskCancellationHandler {
            try await withCheckedThrowingContinuation { (continuation: CheckedContinuation<Void, any Error>) in
                if Task.isCancelled {
                    continuation.resume(throwing: CancellationError())
                } else if number <= next {
                    continuation.resume()
                } else {
                    waiting[number] = continuation
                }
            }
        } onCancel: {
            Task { await self.leave(number) }
        }
    }

    private func leave(_ number: Int) { waiting.removeValue(forKey: number)?.resume(throwing: CancellationError()) }
}
