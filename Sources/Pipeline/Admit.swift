import Domain
import Store

/// Admit: one short transaction for a batch. Locks first, looks second, decides message by message, commits the attempts.
/// No committed attempt, no send; an opt-out that committed before always wins.
///
/// 1. BEGIN; the session's lock (shared) and the buckets' locks (shared, without waiting); the cap rows, in order of their keys; then,
///    in fresh statements, what stands against the messages and what time it is where they go. One round trip.
/// 2. The decision: pure, `AdmitDecision`.
/// 3. Attempts, cap rows, what ends and what is put off; COMMIT. One round trip.
struct Admit: Sendable {
    let shared: SharedState
    let database: Database
    let outlets: Outlets

    /// An admitted message with the deadline for its first byte.
    struct Admitted: Sendable {
        var work: Work
        var sendBy: ContinuousClock.Instant
        var validity: Duration
    }
    struct Answer: Sendable {
        var admitted: [Admitted] = []
        /// Counts of what was decided otherwise, by word: capped, suppressed, quiet_hours, …
        var others: [String: Int] = [:]
        /// Messages that were put off because their provider had no room, by provider.
        var withoutRoom: [String: Int] = [:]
        /// Messages of the batch that are no longer with this worker.
        var settled = 0
    }

    /// - Parameter expected: the places kept for this batch; given up when it takes its own.
    /// - Throws: `StoreError`; `commitUnknown` means: look, never send.
    func admit(_ batch: [Work], _ expected: Room.Expected) async throws -> Answer {
        guard let slot = batch.first?.lease.slot else { return Answer() }
        for attempt in 1... {
            do {
                return try await once(batch, expected, slot: slot)
            } catch let error as StoreError where attempt < 4 && (error.isUniqueViolation || error.isRetryable) {
                continue  // another worker created a cap row between our look and our write: decide again
            }
        }
        preconditionFailure("the loop returns or throws")
    }

    private func once(_ batch: [Work], _ expected: Room.Expected, slot: Int16) async throws -> Answer {
        let session = shared.session
        let snapshot = shared.policy
        // One message at a time per person and batch is not needed: the decision adds each slot before it looks at the next message.
        let capKeys = Set(batch.filter { !$0.caps.isEmpty }.map(\.message.recipientKey)).sorted()
        let hours = AdmitHours(batch)
        let asked = ContinuousClock.now
        return try await database.withConnection { connection in
            do {
                let (lock, usage, facts, local) = try await connection.begin(
                    AdmitLock(session: session, buckets: Self.buckets(batch)),
                    LockCapUsage(recipientKeys: capKeys),
                    AdmitFacts(
                        slot: slot, session: session, rows: batch.map(\.lease.row), messageIDs: batch.map(\.message.id),
                        addresses: Array(Set(batch.map(\.message.address))),
                        consentKeys: Array(Set(batch.filter(\.policy.requiresConsent).map(\.message.recipientKey))),
                        groupKeys: Array(Set(batch.compactMap(\.message.groupKey))),
                        attemptedIDs: batch.filter { $0.lease.attempt > 0 }.map(\.message.id)),
                    LocalHours(queries: hours.queries))
                guard lock.isOurs, shared.mayClaim else { throw NotOurs() }
                shared.setClock(local.now, sent: asked)
                var decision = AdmitDecision(
                    session: session, slot: slot, asked: asked, facts: facts, hours: hours, local: local, busy: Set(lock.busy),
                    usage: usage, outlets: outlets, retention: snapshot.capRetention)
                expected.end()
                for work in batch { decision.decide(work) }
                do {
                    try await connection.commitAll(decision.writes())
                } catch {
                    outlets.giveBack(decision.answer.admitted.map(\.work))
                    throw error
                }
                return decision.answer
            } catch {
                await connection.rollbackAfterError()
                throw error
            }
        }
    }
}

extension Admit {
    private static func buckets(_ batch: [Work]) -> [Int32] {
        var buckets: Set<Int32> = []
        for work in batch { work.buckets.insert(into: &buckets) }
        return buckets.sorted()
    }
}

/// Nothing may be admitted now (a drain, a rescue, a server that is read-only): what is still leased goes back.
struct NotOurs: Error, CustomStringConvertible {
    var description: String { "this worker may not admit now" }
}

/// The distinct zones and quiet hours of a batch, and where each message finds its own.
struct AdmitHours: Sendable {
    private(set) var queries: [LocalHours.Query] = []
    private var indices: [LocalHours.Query: Int] = [:]

    init(_ batch: [Work]) {
        for work in batch {
            let query = Self.query(work)
            if indices[query] == nil {
                indices[query] = queries.count
                queries.append(query)
            }
        }
    }

    func hours(_ work: Work, _ answer: LocalHours.Answer) -> LocalHours.Hours {
        guard let index = indices[Self.query(work)], index < answer.hours.count else {
            preconditionFailure("every message of the batch was asked for")
        }
        return answer.hours[index]
    }

    private static func query(_ work: Work) -> LocalHours.Query {
        LocalHours.Query(zone: work.zone, quietHours: work.policy.quietHours)
    }
}
