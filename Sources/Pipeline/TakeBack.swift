import Domain
import Logging
import Store

/// After an answer that was lost: puts back what a claim of our own still holds and was certainly not sent.
///
/// A claim whose answer never came may have leased rows; an Admit whose commit is unknown may have left attempts. Nothing of either
/// was handed to a provider, so the attempts are closed as `not_sent`, their slots are given back, and the messages are ready again.
struct TakeBack: Sendable {
    let shared: SharedState
    let database: Database
    /// How long a claim lasts.
    var lease = Duration.seconds(30)
    var logger = Logger(label: "take back")

    /// While the database is away it is tried again until the claim's deadline has passed, which brings the messages back too, but as in doubt.
    func untilDone(claim: Int32, session: Int32) async {
        var pause = Pause(limit: .seconds(2))
        while !pause.isOver(lease) {
            do {
                _ = try await takeBack(claim: claim, session: session)
                return
            } catch {
                if pause.isFirst { logger.warning("a claim cannot be handed back yet", metadata: ["error": "\(error)"]) }
                if Task.isCancelled { break }
                await pause.wait()
            }
        }
        logger.warning("a claim could not be handed back; its deadline will", metadata: ["claim": "\(claim)"])
    }

    /// Answers how many messages went back.
    func takeBack(claim: Int32, session: Int32) async throws -> Int {
        let parts = shared.rings.leased
        return try await database.withConnection { connection in
            do {
                _ = try await connection.begin(RecordLock(session: session))
                var count = 0
                for part in parts {
                    let rows = try await connection.run(LeasedBySession(part: part.number, session: session, claim: claim))
                    guard !rows.isEmpty else { continue }
                    let states = try await connection.run(AttemptStates(messageIDs: rows.map(\.lease.messageID)))
                    try await connection.runAll(Self.writes(rows, states, part: part.number))
                    count += rows.count
                }
                try await connection.commitAll([])
                return count
            } catch {
                await connection.rollbackAfterError()
                throw error
            }
        }
    }

    private static func writes(_ rows: [ClaimedMessage], _ states: [AttemptStates.State], part: Int16) -> [any Statement] {
        let made = Dictionary(states.map { (AttemptKey(messageID: $0.messageID, attempt: $0.attempt), $0) }) { $1 }
        var back = HandBack(part: part)
        var receipts = InsertReceipts()
        var released: [(key: String, message: MessageID, attempt: Int16)] = []
        var budgets = ReleaseBudgets()
        for row in rows {
            let next = row.lease.nextAttempt
            if next > row.lease.attempt, let state = made[AttemptKey(messageID: row.lease.messageID, attempt: next)] {
                receipts.add(
                    row.lease.messageID, kind: "deferred", attempt: next, provider: state.provider, code: "not_sent",
                    detail: "the commit of its admission was not confirmed; nothing was written")
                if let key = row.message?.recipientKey { released.append((key, row.lease.messageID, next)) }
                budgets.add(row.lease.messageID, attempt: next)
                back.add(row.lease, attempt: next)
            } else {
                back.add(row.lease)
            }
        }
        var release = ReleaseSlots()
        for one in released.sorted(by: { $0.key < $1.key }) {
            release.recipientKeys.append(one.key)
            release.messageIDs.append(one.message)
            release.attempts.append(one.attempt)
        }
        var writes: [any Statement] = [back]
        if !receipts.isEmpty { writes.append(receipts) }
        if !budgets.isEmpty { writes.append(budgets) }
        if !released.isEmpty { writes.append(release) }
        return writes
    }
}
