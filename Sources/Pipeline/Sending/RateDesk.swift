import Store
import Synchronization

/// Takes stretches of all providers' rates together: one statement under way at a time, and the next one takes along whatever was asked meanwhile. So a
/// question waits for at most two round trips, however many providers a worker has and however far away the database is.
///
/// Each for itself would stand in a queue for connections: sixty providers with two connections and 20 ms got their stretches when these were over.
package final class RateDesk: Sendable {
    package typealias Ask = @Sendable ([TakeRate]) async throws -> [TakeRate.Answer]
    /// More than these are asked by the statement after.
    package static let most = 500

    private struct Question {
        var rate: TakeRate
        var answer: CheckedContinuation<TakeRate.Answer, any Error>
    }
    private struct State {
        var waiting: [Question] = []
        var isAsking = false
    }
    private let state = Mutex(State())
    private let ask: Ask

    package init(_ ask: @escaping Ask) { self.ask = ask }

    /// One connection at a time; the instants are those of the exchange itself, without the wait for it.
    package convenience init(_ database: Database) {
        self.init { questions in
            try await database.withConnection(within: .seconds(2)) { connection in
                let asked = ContinuousClock.now
                var answers = try await connection.run(TakeAllRates(questions), within: .seconds(2))
                let answered = ContinuousClock.now
                for index in answers.indices { answers[index].exchange = (asked, answered) }
                return answers
            }
        }
    }

    /// - Throws: what the database says; for all that were asked together.
    package func take(_ rate: TakeRate) async throws -> TakeRate.Answer {
        try await withCheckedThrowingContinuation { answer in
            let isFirst = state.withLock { state in
                state.waiting.append(Question(rate: rate, answer: answer))
                defer { state.isAsking = true }
                return !state.isAsking
            }
            // A task of its own: the task that asked first may be cancelled, and the others' questions must not end with it.
            if isFirst { Task { await self.askAll() } }
        }
    }

    private func askAll() async {
        while let batch = next() {
            do {
                let answers = try await ask(batch.map(\.rate))
                guard answers.count == batch.count else { throw Incomplete() }
                for (question, answer) in zip(batch, answers) { question.answer.resume(returning: answer) }
            } catch {
                for question in batch { question.answer.resume(throwing: error) }
            }
        }
    }

    private func next() -> [Question]? {
        state.withLock { state in
            guard !state.waiting.isEmpty else {
                state.isAsking = false
                return nil
            }
            let batch = Array(state.waiting.prefix(Self.most))
            state.waiting.removeFirst(batch.count)
            return batch
        }
    }

    private struct Incomplete: Error {}

    /// Questions that no statement has taken along yet.
    package var waitingCount: Int { state.withLock { $0.waiting.count } }
}
