import Domain
import Pipeline
import Store

/// Rescue: puts back to work what a dead worker, or a claim past its deadline, still holds.
///
/// Death is a stale beat, never a free lock alone. The session's lock is taken exclusively and without waiting: under it its worker
/// neither admits nor records. Then, in later statements of the same READ COMMITTED transaction, the leased rows and their attempts
/// are read: one statement would look with a snapshot older than its lock, and send twice.
///
/// No attempt: ready again, one worker crash more, no attempt counted. An attempt without an outcome: in doubt, the class decides. Three
/// worker crashes: a dead letter.
struct Rescue: Sendable {
    static let workerCrashesAllowed: Int16 = 3
    let shared: SharedState
    let database: Database
    var troubles = Troubles()

    /// One round over all sessions that need it; answers how many messages moved, by word. A session that fails stops no other.
    func round() async throws -> [String: Int] {
        var moved: [String: Int] = [:]
        let sessions = try await database.run(RescuableSessions())
        try await troubles.each("rescue", sessions.map { ("session \($0.id)", $0) }) {
            moved.merge(try await rescue($0)) { $0 + $1 }
        }
        return moved
    }

    private func rescue(_ session: RescuableSessions.Session) async throws -> [String: Int] {
        let shared = shared
        return try await database.withConnection { connection in
            do {
                guard try await connection.begin(RescueLock(session: session.id)) else {
                    await connection.rollbackAfterError()
                    return [:]
                }
                // It may have beaten since we looked; then only what is past its deadline.
                let isDead = session.isDead ? try await connection.run(FenceSession(session: session.id)) : false
                var moved: [String: Int] = [:]
                for part in shared.rings.leased {
                    let rows = try await connection.run(
                        LeasedBySession(part: part.number, session: session.id, overdueOnly: !isDead))
                    guard !rows.isEmpty else { continue }
                    moved.merge(
                        try await self.moveEach(rows, part: part.number, isDeath: isDead && !session.hasEnded, on: connection)
                    ) { $0 + $1 }
                }
                try await connection.commitAll([])
                return moved
            } catch {
                await connection.rollbackAfterError()
                throw error
            }
        }
    }

    /// Moves all of them together; what PostgreSQL refuses bisects them, and a single message that it refuses with its body becomes a dead letter
    /// without one. One that it refuses even so stays leased, and is tried again in the next round.
    private func moveEach(
        _ rows: [ClaimedMessage], part: Int16, isDeath: Bool, withBodies: Bool = true, on connection: StoreConnection
    ) async throws -> [String: Int] {
        _ = try await connection.run(BulkSavepoint())
        do {
            return try await move(rows, part: part, isDeath: isDeath, withBodies: withBodies, on: connection)
        } catch let error as StoreError where error.isDataError {
            _ = try await connection.run(BulkRollback())
            guard rows.count > 1 else {
                if withBodies { return try await moveEach(rows, part: part, isDeath: isDeath, withBodies: false, on: connection) }
                troubles.log("rescue", "message \(rows[0].lease.messageID)", error)
                return [:]
            }
            let half = rows.count / 2
            let first = try await moveEach(Array(rows.prefix(half)), part: part, isDeath: isDeath, on: connection)
            return try await moveEach(Array(rows.dropFirst(half)), part: part, isDeath: isDeath, on: connection)
                .merging(first) { $0 + $1 }
        }
    }

    private func move(
        _ rows: [ClaimedMessage], part: Int16, isDeath: Bool, withBodies: Bool, on connection: StoreConnection
    ) async throws -> [String: Int] {
        let ids = rows.map(\.lease.messageID)
        let states = try await connection.run(AttemptStates(messageIDs: ids))
        let settled = try await connection.run(FindSettled(messageIDs: Array(Set(states.map(\.messageID)))))
        let overrides = try await connection.run(
            LoadRequeues(messageIDs: rows.filter { $0.lease.series > 0 }.map(\.lease.messageID)))
        var writes = RescueWrites(
            part: part, snapshot: shared.policy, now: shared.databaseNow(), isDeath: isDeath, withBodies: withBodies,
            settled: settled)
        let attempts = Dictionary(states.map { (AttemptKey(messageID: $0.messageID, attempt: $0.attempt), $0) }) { $1 }
        let expiry = Dictionary(overrides.map { ($0.messageID, $0.expiresAt) }) { $1 }
        // Codes first: they stand before the others in the quarantine, too.
        for row in rows.sorted(by: { ($0.lease.lane, $0.lease.messageID) < ($1.lease.lane, $1.lease.messageID) }) {
            let key = AttemptKey(messageID: row.lease.messageID, attempt: row.lease.nextAttempt)
            writes.add(row, attempt: attempts[key], expiresAt: expiry[row.lease.messageID])
        }
        try await connection.runAll(writes.statements)
        return writes.moved
    }
}

/// What Rescue writes for the rows of one leased part.
struct RescueWrites {
    private let snapshot: PolicySnapshot
    private let now: Timestamp
    private let isDeath: Bool
    /// Messages that a receipt has settled already, and its kind.
    private let settled: [MessageID: String]
    private(set) var moved: [String: Int] = [:]
    private var back: HandBack
    private var deferred: DeferMessages
    private var dead: InsertDeadLetters
    private var finished: Finish
    private var receipts = InsertReceipts()
    /// May have become final; the statement looks.
    private var erased: [MessageID] = []

    init(
        part: Int16, snapshot: PolicySnapshot, now: Timestamp, isDeath: Bool, withBodies: Bool = true,
        settled: [MessageID: String] = [:]
    ) {
        self.settled = settled
        self.snapshot = snapshot
        self.now = now
        self.isDeath = isDeath
        back = HandBack(part: part)
        deferred = DeferMessages(part: part)
        dead = InsertDeadLetters(part: part, withBodies: withBodies)
        finished = Finish(part: part)
    }

    var statements: [any Statement] {
        var statements: [any Statement] = []
        if !receipts.isEmpty { statements.append(receipts) }
        if finished.count > 0 { statements.append(finished) }
        if deferred.count > 0 { statements.append(deferred) }
        if dead.count > 0 { statements.append(dead) }
        if !back.messageIDs.isEmpty { statements.append(back) }
        if !erased.isEmpty { statements.append(EraseBodies(messageIDs: erased)) }
        return statements
    }

    mutating func add(_ row: ClaimedMessage, attempt: AttemptStates.State?, expiresAt: Timestamp?) {
        let lease = row.lease
        if snapshot.classes[row.classID]?.erasesBody == true { erased.append(lease.messageID) }
        let workerCrashes = Int16(clamping: Int(lease.workerCrashes) + (isDeath ? 1 : 0))
        if let attempt, attempt.outcome == "accepted" {
            finished.add(
                lease, kind: "accepted", attempt: attempt.attempt, provider: attempt.provider, code: "evidence",
                reference: attempt.reference)
            return count("accepted")
        }
        if let kind = settled[lease.messageID] {
            finished.add(lease, kind: kind, code: "earlier_attempt")
            return count(kind)
        }
        if workerCrashes >= Rescue.workerCrashesAllowed {
            if let attempt, attempt.outcome == nil { unknown(attempt) }
            dead.add(
                lease, attempt: attempt?.attempt ?? lease.attempt, provider: attempt?.provider,
                reason: .poison(workerCrashes: Int(workerCrashes)))
            return count("poison")
        }
        guard let attempt else {
            back.add(lease, lane: isDeath ? Claim.quarantineLane : nil, workerCrashes: workerCrashes)
            return count("ready")
        }
        if attempt.outcome == "deferred" || attempt.outcome == "rejected" {
            back.add(lease, attempt: attempt.attempt, workerCrashes: workerCrashes)
            return count("ready")
        }
        unknownOutcome(row, attempt, workerCrashes: workerCrashes, expiresAt: expiresAt)
    }

    private mutating func unknownOutcome(
        _ row: ClaimedMessage, _ attempt: AttemptStates.State, workerCrashes: Int16, expiresAt: Timestamp?
    ) {
        let lease = row.lease
        let remaining = (expiresAt ?? row.message?.expiresAt ?? now) - now
        let counters = Disposition.Counters(
            attempt: Int(attempt.attempt), countedAttempts: Int(lease.countedAttempts), resends: Int(lease.resends))
        var disposition = Disposition.dead(.inDoubt(resends: counters.resends))
        if let policy = snapshot.classes[row.classID] {
            disposition = .afterDoubt(of: policy, counters: counters, remaining: remaining, jitter: Double.random(in: 0..<1))
        }
        if case .retry(let after, let reason, let countedAttempts, let resends) = disposition {
            deferred.add(
                lease, until: now + after, reason: reason, attempt: attempt.attempt,
                countedAttempts: Int16(clamping: countedAttempts),
                resends: Int16(clamping: resends), workerCrashes: workerCrashes, receipt: "unknown",
                answeredAttempt: attempt.attempt,
                provider: attempt.provider, code: "worker_lost", detail: Self.lost)
            return count("resend")
        }
        unknown(attempt)
        var reason = DeadLetterReason.inDoubt(resends: counters.resends)
        if case .dead(let judged) = disposition { reason = judged }
        dead.add(lease, attempt: attempt.attempt, provider: attempt.provider, reason: reason)
        count("in_doubt")
    }

    private static let lost = "the worker that made this attempt was lost before it could write down an answer"

    private mutating func unknown(_ attempt: AttemptStates.State) {
        receipts.add(
            attempt.messageID, kind: "unknown", attempt: attempt.attempt, provider: attempt.provider, code: "worker_lost",
            detail: Self.lost)
    }

    private mutating func count(_ word: String) { moved[word, default: 0] += 1 }
}
