import Store
import Synchronization

/// Whether a duty has anything to do: one question for all duties of a worker, good for a moment.
final class DueDuties: Sendable {
    private static let goodFor = Duration.milliseconds(400)
    private let database: Database
    private let last = Mutex<(answer: DueWork.Answer, at: ContinuousClock.Instant)?>(nil)

    init(_ database: Database) { self.database = database }

    func now() async throws -> DueWork.Answer {
        if let last = last.withLock({ $0 }), last.at + Self.goodFor > .now { return last.answer }
        let asked = ContinuousClock.now
        let answer = try await database.ask(DueWork())
        last.withLock { $0 = (answer, asked) }
        return answer
    }
}
