import Domain
import Logging
import Store
import Telemetry

/// Admit, the stage: admits a batch, counts what was decided, and tells Claim how many places such a batch needs where.
struct AdmitStage: Sendable {
    let admit: Admit
    let claimBudget: ClaimBudget
    let refusal: Refusal
    let meters: Meters
    let logger: Logger

    func run(_ works: [Work], of batch: Claim.Batch) async throws -> [Admit.Admitted] {
        guard !works.isEmpty else { return [] }
        let answer = try await bisecting(works, batch.expected)
        do { try await Failpoint.afterAdmit.reached(answer.admitted.map(\.work.message.address)) } catch {
            admit.providerQueues.giveBack(answer.admitted)
            throw error
        }
        for (word, count) in answer.others { meters.count("martlet_not_admitted_total", [("reason", word)], by: count) }
        meters.count("martlet_admitted_total", [("lane", "\(batch.lane)")], by: answer.admitted.count)
        var needed = answer.withoutRoom
        for one in answer.admitted { needed[one.providerQueue.name, default: 0] += 1 }
        claimBudget.learn(lane: batch.lane, claimed: batch.messages.count, needed: needed)
        return answer.admitted
    }

    /// A data error bisects the batch, so that one bad row harms no other and becomes a dead letter by itself.
    private func bisecting(_ works: [Work], _ expected: ClaimBudget.Hold) async throws -> Admit.Answer {
        do {
            return try await admit.admit(works, expected)
        } catch let error as StoreError where error.isDataError {
            guard works.count > 1 else {
                let reason = DeadLetterReason(
                    code: "data_error", explanation: "The database refuses it: \(error)",
                    remedy: "Correct what the text names, then requeue; or discard it.")
                logger.error(
                    "a message cannot be admitted; it is a dead letter now",
                    metadata: ["message_id": "\(works[0].message.id)", "error": "\(error)"])
                _ = try await refusal.end(works.map { ($0.lease, $0.provider.name, reason) })
                return Admit.Answer(others: ["data_error": works.count])
            }
            var answer = try await bisecting(Array(works.prefix(works.count / 2)), expected)
            do {
                let rest = try await bisecting(Array(works.dropFirst(works.count / 2)), expected)
                answer.admitted += rest.admitted
                answer.others.merge(rest.others) { $0 + $1 }
                answer.withoutRoom.merge(rest.withoutRoom) { $0 + $1 }
                return answer
            } catch {
                // What the first half got is taken back with the claim.
                admit.providerQueues.giveBack(answer.admitted)
                throw error
            }
        }
    }
}
