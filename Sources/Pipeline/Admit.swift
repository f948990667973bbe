import Domain
import Store

/// Admit: one short transaction for a batch. Locks first, looks second, decides message by message, commits the attempts.
/// No committed attempt, no send; an opt-out that committed before always wins.
///
/// 1. BEGIN; the session's lock (shared) and the buckets' locks (shared, without waiting); what is being opted out of; if any message counts
///    in a budget, the budgets' rows, in order of their keys; the cap rows, in order of theirs; then, in fresh statements, what stands
///    against the messages and what time it is where they go. One round trip, and one more if an opt-out has a bucket at this moment.
/// 2. The decision: pure, `AdmitDecision`.
/// 3. Attempts, cap rows, budgets, what ends and what is deferred; COMMIT. One round trip.
package struct Admit: Sendable {
    let shared: SharedState
    let database: Database
    let providerQueues: ProviderQueues

    /// An admitted message with the deadline for its first byte.
    package struct Admitted: Sendable {
        var work: Work
        /// Where its place is.
        var providerQueue: ProviderQueue
        var sendBy: ContinuousClock.Instant
        var validity: Duration
    }
    struct Answer: Sendable {
        var admitted: [Admitted] = []
        /// Counts of what was decided otherwise, by word: capped, suppressed, quiet_hours, …
        var others: [String: Int] = [:]
        /// Messages that were deferred because their provider had no room, by provider.
        var withoutRoom: [String: Int] = [:]
    }

    /// - Parameter expected: the places kept for this batch; given up when it takes its own.
    /// - Throws: `StoreError`; `commitUnknown` means: look, never send.
    func admit(_ batch: [Work], _ expected: ClaimBudget.Hold) async throws -> Answer {
        guard let part = batch.first?.lease.part else { return Answer() }
        for attempt in 1... {
            do {
                return try await once(batch, expected, part: part)
            } catch let missing as MissingBudgets where attempt < 4 {
                try await database.run(CreateBudgetUsage(keys: missing.keys))
            } catch let error as StoreError where attempt < 4 && (error.isUniqueViolation || error.isRetryable) {
                continue  // another worker created a cap row between our look and our write: decide again
            }
        }
        preconditionFailure("the loop returns or throws")
    }

    private func once(_ batch: [Work], _ expected: ClaimBudget.Hold, part: Int16) async throws -> Answer {
        let session = shared.session
        let snapshot = shared.policy
        let hours = AdmitHours(batch)
        let asked = ContinuousClock.now
        return try await database.withConnection { connection in
            do {
                let (lock, seen) = try await look(batch, hours, part: part, session: session, on: connection)
                guard lock.isOurs, shared.mayClaim else { throw LeaseNoLongerHeld() }
                shared.setClock(seen.local.now, sent: asked)
                var decision = AdmitDecision(
                    session: session, part: part, asked: asked, seen: seen, providerQueues: providerQueues,
                    prices: snapshot.prices(at: seen.local.now), retention: snapshot.capRetention)
                expected.end()
                for work in batch { decision.decide(work) }
                do {
                    try await connection.commitAll(decision.writes())
                } catch {
                    providerQueues.giveBack(decision.answer.admitted)
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
    /// Locks, then looks. A batch without budgets asks for nothing more than one did before there were any.
    private func look(
        _ batch: [Work], _ hours: AdmitHours, part: Int16, session: Int32, on connection: StoreConnection
    ) async throws -> (lock: AdmitLock.Answer, seen: AdmitDecision.Seen) {
        let admitLock = AdmitLock(session: session, buckets: AdmitOptOuts.buckets(batch))
        // One message at a time per person and batch is not needed: the decision adds each slot before it looks at the next message.
        let caps = LockCapUsage(recipientKeys: Set(batch.filter { !$0.caps.isEmpty }.map(\.message.recipientKey)).sorted())
        let facts = AdmitFacts(
            part: part, session: session, rows: batch.map(\.lease.row), messageIDs: batch.map(\.message.id),
            addresses: Array(Set(batch.map(\.message.addressKey))),
            consentKeys: Array(Set(batch.filter(\.policy.requiresConsent).map(\.message.recipientKey))),
            groupKeys: Array(Set(batch.compactMap(\.message.groupKey))),
            attemptedIDs: batch.filter { $0.lease.attempt > 0 }.map(\.message.id),
            runs: Array(Set(batch.compactMap(\.runPlace))))
        let localHours = LocalHours(queries: hours.queries)
        var budgetKeys: Set<String> = []
        for work in batch where !work.budgets.isEmpty { budgetKeys.formUnion(work.budgets.map(\.key)) }
        guard !budgetKeys.isEmpty else {
            let (lock, open, usage, known, local) = try await connection.begin(admitLock, OpenOptOuts(), caps, facts, localHours)
            let seen = AdmitDecision.Seen(facts: known, hours: hours, local: local, usage: usage)
            return (lock, try await optOuts(batch, lock, open, seen, facts, on: connection))
        }
        let budgets = LockBudgetUsage(keys: budgetKeys.sorted())
        let (lock, open, used, usage, known, local) = try await connection.begin(
            admitLock, OpenOptOuts(), budgets, caps, facts, localHours)
        let missing = budgetKeys.subtracting(used.map(\.key))
        guard missing.isEmpty else { throw MissingBudgets(keys: missing.sorted()) }
        let seen = AdmitDecision.Seen(facts: known, hours: hours, local: local, usage: usage, budgets: used)
        return (lock, try await optOuts(batch, lock, open, seen, facts, on: connection))
    }

    /// Whose opt-out is under way. Messages of a bucket that could not be had are held one by one, and looked at anew after that.
    private func optOuts(
        _ batch: [Work], _ lock: AdmitLock.Answer, _ open: Set<OptOutKey>, _ seen: AdmitDecision.Seen, _ facts: AdmitFacts,
        on connection: StoreConnection
    ) async throws -> AdmitDecision.Seen {
        guard lock.isOurs, !open.isEmpty || !lock.busy.isEmpty else { return seen }
        var optOuts = AdmitOptOuts(batch, open: open)
        var seen = seen
        let missing = optOuts.missing(batch, busy: Set(lock.busy))
        if !missing.isEmpty {
            let (refused, known) = try await connection.run(HoldOptOuts(keys: missing), facts)
            optOuts.wait(for: refused, batch)
            seen.facts = known
        }
        seen.optingOut = optOuts.waiting
        return seen
    }
}

/// Which messages of a batch must wait, because an opt-out, a consent or a cancellation is under way that concerns them, and no others.
///
/// Two directions are to be closed. What began before this Admit looked is in the lock table, by the very thing that it concerns
/// (`OpenOptOuts`). What begins afterwards waits for the bucket that this Admit holds, or for the key.
struct AdmitOptOuts {
    /// As many keys as there are buckets: a batch never has more than twice the locks.
    static let mostKeys = 256
    private(set) var waiting: Set<MessageID> = []

    init(_ batch: [Work], open: Set<OptOutKey>) {
        wait(for: open, batch)
    }

    static func buckets(_ batch: [Work]) -> [Int32] {
        var buckets: Set<Int32> = []
        for work in batch { work.hashes.insertBuckets(into: &buckets) }
        return buckets.sorted()
    }

    mutating func wait(for keys: Set<OptOutKey>, _ batch: [Work]) {
        guard !keys.isEmpty else { return }
        for work in batch where work.optOutKeys.contains(where: { keys.contains($0.key) }) { waiting.insert(work.message.id) }
    }

    /// Keys of messages whose bucket another has; messages beyond the limit wait.
    mutating func missing(_ batch: [Work], busy: Set<Int32>) -> [OptOutKey] {
        guard !busy.isEmpty else { return [] }
        var missing: Set<OptOutKey> = []
        for work in batch where !waiting.contains(work.message.id) {
            let own = work.optOutKeys.filter { busy.contains($0.bucket) }.map(\.key)
            if missing.count + own.count > Self.mostKeys {
                waiting.insert(work.message.id)
            } else {
                missing.formUnion(own)
            }
        }
        return Array(missing)
    }
}

extension Work {
    /// nil: it is no message of a campaign.
    var runPlace: RunPlace? {
        message.run.map { RunPlace(run: $0, zone: zone) } ?? message.journey.map(RunPlace.init(journey:))
    }

    /// What an opt-out, a consent or a cancellation would have to concern, so that this message waits for it; each with its bucket.
    var optOutKeys: [(key: OptOutKey, bucket: Int32)] {
        var keys: [(OptOutKey, Int32)] = []
        func add(_ hash: Int32, _ own: OptOutKey...) {
            for key in own + [.wide(hash)] { keys.append((key, LockHashes.bucket(hash))) }
        }
        func address(_ scope: Int32) -> OptOutKey { .address(hashes.address, channelID: channelID, scope: scope) }
        if policy.name == "otp" {
            add(hashes.address, address(0), address(2 + Int32(classID)))
        } else {
            add(hashes.address, address(0), address(1), address(2 + Int32(classID)))
        }
        add(hashes.message, .message(hashes.message))
        if policy.requiresConsent {
            add(
                hashes.recipient, .consent(hashes.recipient, channelID: channelID, classID: classID),
                .consent(hashes.recipient, channelID: channelID, classID: nil))
        }
        if let group = hashes.group { add(group, .group(group)) }
        return keys
    }
}

/// Nothing may be admitted now (a drain, a rescue, a server that is read-only): what is still leased goes back.
package struct LeaseNoLongerHeld: Error, CustomStringConvertible {
    package var description: String { "this worker may not admit now" }
}

/// The distinct zones and quiet hours of a batch and the zones of its budgets, and where each message finds its own.
struct AdmitHours: Sendable {
    private(set) var queries: [LocalHours.Query] = []
    private var indices: [LocalHours.Query: Int] = [:]

    init(_ batch: [Work]) {
        for work in batch {
            ask(Self.query(work))
            for budget in work.budgets { ask(Self.query(budget.rule.timeZone)) }
        }
    }

    private mutating func ask(_ query: LocalHours.Query) {
        guard indices[query] == nil else { return }
        indices[query] = queries.count
        queries.append(query)
    }

    /// The local day in the zone of a budget.
    func day(in zone: String, _ answer: LocalHours.Answer) -> CapDecision.Calendar? {
        guard let index = indices[Self.query(zone)], index < answer.hours.count else { return nil }
        return answer.hours[index].calendars[.day]
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

    private static func query(_ zone: String) -> LocalHours.Query { LocalHours.Query(zone: zone, quietHours: nil) }
}
