import Store
import Synchronization

/// Whether a duty has anything to do: one question for all duties of a worker, good for a moment.
final class DueDuties: Sendable {
    private static let goodFor = Duration.milliseconds(400)
    private let database: Database
    private let last = Mutex<(answer: DueWork.Answer, at: ContinuousClock.Instant)?>(nil)

    init(_ database: Database) { self.database = database }

    func events() async throws -> Bool { try await answer(for: { _ in true }).events }
    func runs() async throws -> Bool { try await answer(for: { _ in true }).runs }
    func codes() async throws -> Bool { try await answer(for: { _ in true }).codes }
    func journeys() async throws -> Bool { try await answer(for: { _ in true }).journeys }
    func followUps() async throws -> Bool { try await answer(for: { _ in true }).followUps }
    func jobs() async throws -> Bool { try await answer(for: { _ in true }).jobs }
    func rescue() async throws -> Bool { try await answer(for: { $0.rescue != nil }, asksForRescue: true).rescue == true }

    private func answer(
        for isEnough: (DueWork.Answer) -> Bool, asksForRescue: Bool = false
    ) async throws -> DueWork.Answer {
        if let last = last.withLock({ $0 }), last.at + Self.goodFor > .now, isEnough(last.answer) { return last.answer }
        let asked = ContinuousClock.now
        let answer = try await database.ask(DueWork(asksForRescue: asksForRescue))
        last.withLock { $0 = (answer, asked) }
        return answer
    }
}
