import Domain
import Store
import Synchronization

/// A claim without an answer: its rows may be leased. Names the claim, so that it and no other is taken back.
struct ClaimFailed: Error, CustomStringConvertible {
    var claim: Int32
    var session: Int32
    var cause: any Error

    var description: String { "claim \(claim): \(cause)" }
}

/// Claim: takes batches of messages from the ready lanes and puts them under a lease.
///
/// Correctness is the row lock and the delete in `ClaimReady`. The scan position of a part, kept here in memory, is only where the scan
/// starts, so that it does not walk over what is claimed already. A lane that was empty is left alone until a probe says that something
/// may have come. What commits late behind a scan position is found by a second look (`takeLateCommits`)
/// from the lowest position that a transaction may have filled which has ended since the last one (`OpenTransactions`), and what a
/// failed claim left behind by a look from the start every 10 s.
package final class Claim: Sendable {
    /// Weights of lanes 1…7 for the general loops: each gets its share of the batches while others wait, none starves.
    package static let weights: [Int16: Int] = [0: 64, 1: 32, 2: 16, 3: 8, 4: 4, 5: 2, 6: 1, 7: 1]
    /// Messages whose worker died with them.
    package static let quarantineLane: Int16 = 8

    /// What one claim took: messages of one lane, never none.
    package struct Batch: Sendable {
        var messages: [ClaimedMessage]
        /// Their highest position.
        var last: Int64
        var expected: ClaimBudget.Hold
        /// nil: it is not counted.
        var places: Places?

        package var claim: Int32 { messages[0].lease.claim }
        package var session: Int32 { messages[0].lease.session }
        var ids: [MessageID] { messages.map(\.lease.messageID) }

        /// Everything that was kept for it, and that it did not need.
        func end() {
            expected.end()
            places?.release()
        }

        var lane: Int16 { messages[0].lease.lane }
        var isFull: Bool { messages.count == expected.limit }
    }

    private struct State {
        var positions = ScanPositions()
        var credits: [Int16: Int] = [:]
        /// Counts what says that there may be something to claim, in any lane and in one: a look that found nothing holds until it moves.
        var evidence: UInt64 = 1
        var laneEvidence: [Int16: UInt64] = [:]
        /// Lanes that were empty at this evidence; skipped until it moves, or some time has passed.
        var dryAt: [Int16: (evidence: UInt64, until: ContinuousClock.Instant)] = [:]
        /// This worker waits for all, or another one does; neither while this one is busy.
        var isElected = false
        var anotherWaits = false
        /// Something may have come that the one that waits takes.
        var leftSome = false
        /// When a claim last found something, and when one took as many as it wanted.
        var foundAt: ContinuousClock.Instant?
        var fullAt: ContinuousClock.Instant?
        /// When a lane was last left alone because its providers had no room.
        var refusedAt: ContinuousClock.Instant?

        func evidence(_ lane: Int16) -> UInt64 { evidence &+ (laneEvidence[lane] ?? 0) }

        /// Evidence may come late, or there is too much of it to wait for.
        var isBusy: Bool { fullAt.isWithin(.milliseconds(50)) || !isElected && foundAt.isWithin(.milliseconds(500)) }
    }
    /// A look without evidence, all the same: what another worker's failed claim gives back leaves no trace in a probe.
    private static func looksAgain(_ lane: Int16, _ state: State) -> Duration {
        lane == 0 && !state.anotherWaits ? .seconds(1) : .seconds(5)
    }
    private let state = Mutex(State())
    private let shared: SharedState
    private let database: Database
    let lease: Duration
    private let idlePoll: Duration
    private let claimBudget: ClaimBudget

    package init(shared: SharedState, database: Database, claimBudget: ClaimBudget, lease: Duration, idlePoll: Duration) {
        self.claimBudget = claimBudget
        self.shared = shared
        self.database = database
        self.lease = lease
        self.idlePoll = idlePoll
    }

    /// Another worker waits for all.
    package var anotherWaits: Bool { state.withLock { $0.anotherWaits } }

    /// Takes in what the probe says. True: something was put into a lane since the one before, or a transaction has ended that may have done so.
    ///
    /// While another worker waits for all, what has come is that one's; it is this one's, too, when it is still there at the next probe (`isBehind`; nil:
    /// no claim looks).
    package func update(
        _ probe: QueueProbe.Answer, elected: Bool = false, anotherWaits: Bool = false, isBehind: Bool? = nil
    ) -> Bool {
        state.withLock { state in
            state.isElected = elected
            state.anotherWaits = anotherWaits
            let mayHaveCome = state.positions.update(probe)
            let leavesIt = anotherWaits && isBehind != nil
            let isNew = leavesIt ? state.leftSome && isBehind == true : mayHaveCome || state.leftSome
            state.leftSome = leavesIt && mayHaveCome
            if isNew { state.evidence += 1 }
            return isNew
        }
    }

    /// The last position that was given out when something may have come that another worker takes; nil: nothing has.
    package var leftUpTo: Int64? { state.withLock { $0.leftSome ? $0.positions.transactions.seen?.sequence : nil } }

    /// Something that no probe shows has changed: lanes, rings, the policy.
    package func lookAgain() { state.withLock { $0.evidence += 1 } }

    /// A message was put into this lane; nil: into some lane.
    package func lookAgain(lane: Int16?) {
        guard let lane else { return lookAgain() }
        state.withLock { $0.laneEvidence[lane, default: 0] += 1 }
    }

    /// What the next question waits for: a step of the sequence, or the end of a transaction.
    package var awaited: (sequence: Int64, open: [Int64]) {
        state.withLock { state in
            guard let seen = state.positions.transactions.seen else { return (-1, []) }
            return (seen.sequence, seen.filling)
        }
    }

    /// True while batches come full: the loops find work by themselves, and the probe may be slow.
    package var isSaturated: Bool { state.withLock { $0.fullAt.isWithin(.milliseconds(50)) } }

    /// Providers had no room lately: another worker's may have.
    package var isBlocked: Bool { state.withLock { $0.refusedAt.isWithin(.seconds(1)) } }

    /// How long a loop that found nothing waits, unless its signal comes first. While this worker sees to it that signals come at once, that is
    /// long; beside full batches, without room, and for a while after the last message of a worker that does not wait for all, it is `poll`.
    package func patience(lanes: [Int16], poll: Duration, rescan: ContinuousClock.Instant) -> Duration {
        let (ready, paused) = (shared.rings.ready, shared.pausedLanes)
        return state.withLock { state in
            if state.isBusy || state.refusedAt.isWithin(.milliseconds(500)) { return poll }
            let isBehind = lanes.contains { lane in
                !paused.contains(lane) && (ready[lane] ?? []).contains { state.positions.look($0.number) != nil }
            }
            if isBehind { return max(rescan - .now, .milliseconds(1)) }
            return lanes.map { Self.looksAgain($0, state) }.min() ?? .seconds(5)
        }
    }

    /// After an error nothing is known about what our claims took: every scan starts anew.
    package func resetScanPositions() {
        state.withLock {
            $0.positions.reset()
            $0.dryAt = [:]
            $0.evidence += 1
        }
    }

    /// The next batch of lanes 0…7, by weight; nil when all are empty, or their providers full.
    func next(limit: Int) async throws -> Batch? {
        var tried: Set<Int16> = []
        while let lane = chooseLane(except: tried) {
            tried.insert(lane)
            if let batch = try await take(lane: lane, limit: limit) { return batch }
        }
        return nil
    }

    /// The next batch of one lane; nil when there is nothing ahead of its scan positions, or no room for it at its providers.
    func take(lane: Int16, limit: Int) async throws -> Batch? {
        guard !shared.pausedLanes.contains(lane) else { return nil }
        let evidence = evidence(lane)
        guard let expected = room(lane, limit) else { return nil }
        for part in shared.rings.ready[lane] ?? [] where !part.isFree {
            let from = state.withLock { $0.positions.begin(part.number, limit: expected.limit) }
            if let batch = try await claim(part, from: from, below: .max, expected) { return batch }
        }
        expected.end()
        wasEmpty(lane, at: evidence)
        return nil
    }

    /// Messages with which so many workers have died. Always from the start: there are few, and for short.
    func takeQuarantined(limit: Int, workerCrashes: ClosedRange<Int16>) async throws -> Batch? {
        guard !shared.pausedLanes.contains(Self.quarantineLane) else { return nil }
        for part in shared.rings.ready[Self.quarantineLane] ?? [] where !part.isFree {
            let expected = ClaimBudget.Hold(limit: limit)
            if let batch = try await claim(part, from: 0, below: .max, expected, workerCrashes: workerCrashes) { return batch }
            expected.end()
        }
        return nil
    }

    /// A look at this evidence found nothing.
    func wasEmpty(_ lane: Int16, at evidence: UInt64) {
        state.withLock { state in
            state.dryAt[lane] = (evidence, .now + (state.isBusy ? idlePoll : Self.looksAgain(lane, state)))
        }
    }

    func evidence(_ lane: Int16) -> UInt64 { state.withLock { $0.evidence(lane) } }

    /// False: the lane was empty, and nothing has happened since that may have changed it.
    func mayHave(_ lane: Int16) -> Bool { state.withLock { Self.mayHave(lane, $0, now: .now) } }

    private static func mayHave(_ lane: Int16, _ state: State, now: ContinuousClock.Instant) -> Bool {
        guard let dry = state.dryAt[lane] else { return true }
        return dry.evidence != state.evidence(lane) || dry.until <= now
    }

    private func room(_ lane: Int16, _ limit: Int) -> ClaimBudget.Hold? {
        let room = lane == Self.quarantineLane ? ClaimBudget.Hold(limit: limit) : claimBudget.take(lane: lane, limit: limit)
        if room == nil { state.withLock { $0.refusedAt = .now } }
        return room
    }

    /// What was committed late behind the scan positions of a lane: between what has been searched for good and the scan position.
    func takeLateCommits(lane: Int16, limit: Int) async throws -> Batch? {
        for part in shared.rings.ready[lane] ?? [] {
            guard !shared.pausedLanes.contains(lane), let look = state.withLock({ $0.positions.look(part.number) }) else {
                continue
            }
            guard let expected = room(lane, limit) else { return nil }
            if let batch = try await claim(part, from: look.from, below: look.below, expected) {
                state.withLock { $0.positions.found(look, batch.last) }
                return batch
            }
            expected.end()
            state.withLock { $0.positions.finished(look) }
        }
        return nil
    }

    /// What a failed claim, of this worker or another, left behind the scan positions; from the very start, so seldom.
    func sweepFromStart(limit: Int) async throws -> Batch? {
        for (lane, parts) in shared.rings.ready where !shared.pausedLanes.contains(lane) && lane != Self.quarantineLane {
            for part in parts {
                let scanPosition = state.withLock { $0.positions.scanPosition(part.number) }
                // A free part that still got a row from a slow producer has no scan position of ours yet.
                guard scanPosition > 0 || part.isFree else { continue }
                let batch = try await claim(
                    part, from: 0, below: part.isFree ? .max : scanPosition, ClaimBudget.Hold(limit: limit))
                if let batch { return batch }
            }
        }
        return nil
    }

    private func claim(
        _ part: LoadRingParts.Part, from: Int64, below: Int64, _ expected: ClaimBudget.Hold,
        workerCrashes: ClosedRange<Int16>? = nil
    ) async throws -> Batch? {
        let limit = expected.limit
        let statement = ClaimReady(
            part: part.number, lane: part.lane, from: from, below: below, limit: Int32(limit), session: shared.session,
            claim: shared.nextClaim(), lease: lease, leasedPart: shared.rings.leasedPart, workerCrashes: workerCrashes)
        let answer: ClaimReady.Answer
        do { answer = try await database.run(statement) } catch {
            expected.end()
            throw ClaimFailed(claim: statement.claim, session: statement.session, cause: error)
        }
        let isFull = answer.messages.count == limit
        state.withLock { state in
            if let first = answer.first, let last = answer.last {
                state.positions.took(answer.messages.count, from: first, to: last)
            }
            guard workerCrashes == nil else { return }
            if below == .max { state.positions.ended(part.number, answer.last, isFull: isFull) }
            if limit > 1 && isFull { state.fullAt = .now }
            if answer.last != nil { state.foundAt = .now }
        }
        guard let last = answer.last else { return nil }
        return Batch(messages: answer.messages, last: last, expected: expected)
    }

    /// Smooth weighted round robin over the lanes that may have work.
    private func chooseLane(except tried: Set<Int16>) -> Int16? {
        let now = ContinuousClock.now
        let used = Set(shared.policy.classes.values.map { Int16($0.lane) }).union(shared.rings.filledLanes)
        return state.withLock { state in
            let open = Self.weights.keys.filter { lane in
                !tried.contains(lane) && used.contains(lane) && Self.mayHave(lane, state, now: now)
            }
            guard !open.isEmpty else { return nil }
            let total = open.reduce(0) { $0 + (Self.weights[$1] ?? 0) }
            for lane in open { state.credits[lane, default: 0] += Self.weights[lane] ?? 0 }
            let chosen = open.max { (state.credits[$0] ?? 0, $1) < (state.credits[$1] ?? 0, $0) }
            if let chosen { state.credits[chosen, default: 0] -= total }
            return chosen
        }
    }
}

extension ContinuousClock.Instant? {
    /// It is not longer ago than `duration`.
    package func isWithin(_ duration: Duration) -> Bool { map { $0.duration(to: .now) < duration } ?? false }
}
