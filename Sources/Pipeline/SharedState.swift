import Domain
import Store
import Synchronization

/// What every loop of a worker looks at: session, policy, the database's clock, and whether to go on.
///
/// A value behind a lock, changed by the heartbeat and read by the stages; nothing here is awaited.
package final class SharedState: Sendable {
    private struct Values {
        var session: Int32
        var isFenced = false
        var isDraining = false
        var isHurried = false
        var isReadOnly = false
        var liveSessions = 1
        var policy: PolicySnapshot
        var rings = RingParts()
        var pausedLanes: Set<Int16> = []
        /// A reading of the database's clock and the instant at which the question was sent.
        var clock: (database: Timestamp, sent: ContinuousClock.Instant)
        var claim: Int32 = 0
        /// What the last probe read of `message_seq`.
        var sequence: Int64 = 0
    }
    private let values: Mutex<Values>

    package init(session: Int32, policy: PolicySnapshot, databaseNow: Timestamp, asked: ContinuousClock.Instant) {
        values = Mutex(Values(session: session, policy: policy, clock: (databaseNow, asked)))
    }

    package var session: Int32 { values.withLock { $0.session } }
    package var policy: PolicySnapshot { values.withLock { $0.policy } }
    package var liveSessions: Int { values.withLock { $0.liveSessions } }
    package var rings: RingParts { values.withLock { $0.rings } }
    package var pausedLanes: Set<Int16> { values.withLock { $0.pausedLanes } }
    package var isDraining: Bool { values.withLock { $0.isDraining } }
    /// Nothing may be claimed or admitted: fenced, draining, or the server is a standby or an old primary.
    package var mayClaim: Bool { values.withLock { !$0.isFenced && !$0.isDraining && !$0.isReadOnly } }
    package var isReady: Bool { values.withLock { !$0.isFenced && !$0.isReadOnly } }

    package var isHurried: Bool { values.withLock { $0.isHurried } }

    package func hurry() { values.withLock { $0.isHurried = true } }
    package func drain() { values.withLock { $0.isDraining = true } }
    package func fence() { values.withLock { $0.isFenced = true } }
    package func begin(session: Int32) {
        values.withLock {
            $0.session = session
            $0.isFenced = false
        }
    }
    package func update(policy: PolicySnapshot) { values.withLock { $0.policy = policy } }
    /// True: there are other parts than before, or other lanes are paused.
    @discardableResult
    package func update(rings: RingParts, paused: Set<Int16>) -> Bool {
        values.withLock {
            let isNew = $0.pausedLanes != paused || !$0.rings.leadsTo(rings)
            $0.rings = rings
            $0.pausedLanes = paused
            return isNew
        }
    }
    package func update(liveSessions: Int, isReadOnly: Bool) {
        values.withLock {
            $0.liveSessions = liveSessions
            $0.isReadOnly = isReadOnly
        }
    }

    package var sequence: Int64 {
        get { values.withLock { $0.sequence } }
        set { values.withLock { $0.sequence = newValue } }
    }

    /// True: other lanes are paused than before.
    package func update(paused: Set<Int16>) -> Bool {
        values.withLock { values in
            defer { values.pausedLanes = paused }
            return values.pausedLanes != paused
        }
    }

    /// Number of the next claim: from memory, never from a sequence, which a crash of the server would repeat.
    package func nextClaim() -> Int32 {
        values.withLock {
            $0.claim &+= 1
            return $0.claim
        }
    }

    package func setClock(_ database: Timestamp, sent: ContinuousClock.Instant) {
        values.withLock { $0.clock = (database, sent) }
    }

    /// The database's clock, carried on by our own monotonic one: for due times and what is left of a time to live. Decisions to send
    /// are made with a fresh reading, in Admit.
    package func databaseNow() -> Timestamp {
        let (database, sent) = values.withLock { $0.clock }
        return database + (ContinuousClock.now - sent)
    }
}

/// The rings as last read: which parts each lane has, oldest first, and where new leased rows go.
package struct RingParts: Sendable {
    /// Ready parts by lane, in the order in which they were filled; free ones first.
    package var ready: [Int16: [LoadRingParts.Part]] = [:]
    package var leased: [LoadRingParts.Part] = []
    package var due: [LoadRingParts.Part] = []
    package var leasedPart: Int16 = 1
    /// Lanes whose parts hold something, or did: also those that no class of the policy uses any more.
    package var filledLanes: Set<Int16> { Set(ready.filter { $0.value.contains { $0.pages > 0 } }.keys) }
    private var cursors: [Int64] = []

    package init() {}
    package init(_ parts: [LoadRingParts.Part], probe: QueueProbe.Answer) {
        cursors = Self.cursors(probe)
        let current = Set(probe.cursors.map(Store.ringPart(ofCursor:)))
        for var part in parts {
            // A cursor moves before the transaction that moves it commits: what it points at gets rows already.
            if part.kind == .ready && current.contains(part.number) { part.isFree = false }
            switch part.kind {
            case .ready: ready[part.lane, default: []].append(part)
            case .leased: leased.append(part)
            case .due: due.append(part)
            }
        }
        leasedPart = Store.ringPart(ofCursor: probe.leasedCursor)
    }

    /// False: a ring has moved on since these were read.
    package func isUpToDate(with probe: QueueProbe.Answer) -> Bool { cursors == Self.cursors(probe) }

    /// The same rows are found by both.
    fileprivate func leadsTo(_ other: RingParts) -> Bool {
        func places(_ table: RingParts) -> [Int16: [Int16]] { table.ready.mapValues { $0.filter { !$0.isFree }.map(\.number) } }
        return places(self) == places(other)
    }

    private static func cursors(_ probe: QueueProbe.Answer) -> [Int64] { probe.cursors + [probe.leasedCursor, probe.dueCursor] }
}
