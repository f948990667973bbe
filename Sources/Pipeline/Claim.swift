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
/// Correctness is the row lock and the delete in `ClaimReady`. The hint of a segment, kept here in memory, is only where the scan
/// starts, so that it does not walk over what is claimed already. What commits late behind a hint is found by a second look (`late`)
/// from the lowest position that a transaction may have filled which has ended since the last one (`OpenTransactions`), and what a
/// failed claim left behind by a look from the start every 10 s.
final class Claim: Sendable {
    /// Weights of lanes 1…7 for the general loops: each gets its share of the batches while others wait, none starves.
    static let weights: [Int16: Int] = [0: 64, 1: 32, 2: 16, 3: 8, 4: 4, 5: 2, 6: 1, 7: 1]
    /// Messages whose worker died with them.
    static let suspectLane: Int16 = 8

    /// What one claim took: messages of one lane, never none.
    struct Batch: Sendable {
        var messages: [ClaimedMessage]
        /// Their highest position.
        var last: Int64
        var expected: Room.Expected

        var lane: Int16 { messages[0].lease.lane }
        var isFull: Bool { messages.count == expected.limit }
    }

    private struct State {
        var hints = Hints()
        var credits: [Int16: Int] = [:]
        /// Lanes that were empty at this pulse; skipped until it moves or `idlePoll` passes.
        var dryAt: [Int16: (sequence: Int64, until: ContinuousClock.Instant)] = [:]
        var pulse: Pulse.Answer?
        /// When the sequence was last seen to move.
        var movedAt: ContinuousClock.Instant?
        /// When a claim last took as many as it wanted.
        var fullAt: ContinuousClock.Instant?

        /// A transaction that took a place lately may still be open. Whoever commits later than this is found by `late`.
        var isFilling: Bool {
            guard let movedAt, let seen = hints.transactions.seen else { return false }
            return seen.isOpen && movedAt.duration(to: .now) < .milliseconds(100)
        }
    }
    private let state = Mutex(State())
    private let shared: SharedState
    private let database: Database
    let lease: Duration
    private let idlePoll: Duration
    private let room: Room

    init(shared: SharedState, database: Database, room: Room, lease: Duration, idlePoll: Duration) {
        self.room = room
        self.shared = shared
        self.database = database
        self.lease = lease
        self.idlePoll = idlePoll
    }

    /// Takes in what the pulse says. True: something was put into a lane since, or is being put there: the sequence moves before the
    /// transaction that moves it commits, so that the first look may come too early.
    func update(_ pulse: Pulse.Answer) -> Bool {
        state.withLock { state in
            let before = state.pulse
            if before?.sequence != pulse.sequence { state.movedAt = .now }
            state.pulse = pulse
            state.hints.transactions.update(pulse)
            return before?.sequence != pulse.sequence || state.isFilling
        }
    }

    /// True while batches come full: the loops find work by themselves, and the pulse may be slow.
    var isSaturated: Bool {
        state.withLock { $0.fullAt.map { $0.duration(to: .now) < .milliseconds(50) } ?? false }
    }

    /// Something may be committed into a lane within the next moments, and nobody is busy with full batches.
    var expectsMore: Bool { state.withLock { $0.isFilling } && !isSaturated }

    /// After an error nothing is known about what our claims took: every scan starts anew.
    func resetHints() {
        state.withLock {
            $0.hints.reset()
            $0.dryAt = [:]
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

    /// The next batch of one lane; nil when there is nothing ahead of its hints, or no room for it at its providers.
    func take(lane: Int16, limit: Int) async throws -> Batch? {
        guard !shared.pausedLanes.contains(lane) else { return nil }
        let sequence = state.withLock { $0.pulse?.sequence ?? 0 }
        guard let expected = room(lane, limit) else { return nil }
        for segment in shared.segments.ready[lane] ?? [] where !segment.isFree {
            let from = state.withLock { $0.hints.begin(segment.slot, limit: expected.limit) }
            if let batch = try await claim(segment, from: from, below: .max, expected) { return batch }
        }
        expected.end()
        state.withLock { $0.dryAt[lane] = (sequence, .now + ($0.isFilling ? .milliseconds(1) : idlePoll)) }
        return nil
    }

    /// Messages with which so many workers have died. Always from the start: there are few, and for short.
    func takeSuspects(limit: Int, deaths: ClosedRange<Int16>) async throws -> Batch? {
        guard !shared.pausedLanes.contains(Self.suspectLane) else { return nil }
        for segment in shared.segments.ready[Self.suspectLane] ?? [] where !segment.isFree {
            let expected = Room.Expected(limit: limit)
            if let batch = try await claim(segment, from: 0, below: .max, expected, deaths: deaths) { return batch }
            expected.end()
        }
        return nil
    }

    private func room(_ lane: Int16, _ limit: Int) -> Room.Expected? {
        lane == Self.suspectLane ? Room.Expected(limit: limit) : room.take(lane: lane, limit: limit)
    }

    /// What was committed late behind the hints of a lane: between what has been searched for good and the hint.
    func late(lane: Int16, limit: Int) async throws -> Batch? {
        for segment in shared.segments.ready[lane] ?? [] {
            guard !shared.pausedLanes.contains(lane), let look = state.withLock({ $0.hints.look(segment.slot) }) else { continue }
            guard let expected = room(lane, limit) else { return nil }
            if let batch = try await claim(segment, from: look.from, below: look.below, expected) {
                state.withLock { $0.hints.found(look, batch.last) }
                return batch
            }
            expected.end()
            state.withLock { $0.hints.finished(look) }
        }
        return nil
    }

    /// What a failed claim, of this worker or another, left behind the hints; from the very start, so seldom.
    func leftBehind(limit: Int) async throws -> Batch? {
        for (lane, segments) in shared.segments.ready where !shared.pausedLanes.contains(lane) && lane != Self.suspectLane {
            for segment in segments {
                let hint = state.withLock { $0.hints.hint(segment.slot) }
                // A free segment that still got a row from a slow producer has no hint of ours yet.
                guard hint > 0 || segment.isFree else { continue }
                let batch = try await claim(
                    segment, from: 0, below: segment.isFree ? .max : hint, Room.Expected(limit: limit))
                if let batch { return batch }
            }
        }
        return nil
    }

    private func claim(
        _ segment: LoadSegments.Segment, from: Int64, below: Int64, _ expected: Room.Expected, deaths: ClosedRange<Int16>? = nil
    ) async throws -> Batch? {
        let limit = expected.limit
        let statement = ClaimReady(
            segment: segment.slot, lane: segment.lane, from: from, below: below, limit: Int32(limit), session: shared.session,
            claim: shared.nextClaim(), lease: lease, leasedSegment: shared.segments.leasedSlot, deaths: deaths)
        let answer: ClaimReady.Answer
        do { answer = try await database.run(statement) } catch {
            expected.end()
            throw ClaimFailed(claim: statement.claim, session: statement.session, cause: error)
        }
        let isFull = answer.messages.count == limit
        state.withLock { state in
            guard deaths == nil else { return }
            if below == .max { state.hints.ended(segment.slot, answer.last, isFull: isFull) }
            if limit > 1 && isFull { state.fullAt = .now }
        }
        guard let last = answer.last else { return nil }
        return Batch(messages: answer.messages, last: last, expected: expected)
    }

    /// Smooth weighted round robin over the lanes that may have work.
    private func chooseLane(except tried: Set<Int16>) -> Int16? {
        let now = ContinuousClock.now
        let used = Set(shared.policy.classes.values.map { Int16($0.lane) }).union(shared.segments.filledLanes)
        return state.withLock { state in
            let open = Self.weights.keys.filter { lane in
                if tried.contains(lane) || !used.contains(lane) { return false }
                guard let dry = state.dryAt[lane] else { return true }
                return dry.sequence != state.pulse?.sequence || dry.until <= now
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
