import Domain
import Store

/// A message that cannot be sent as it is.
typealias Refused = (lease: Lease, provider: String?, reason: DeadLetterReason)

/// Ends messages that Render or the database refused: dead letters without an attempt. What was cancelled or has expired meanwhile is ended as
/// that: no person has to look at it.
///
/// What PostgreSQL refuses bisects the batch, and a single message that it refuses with its body ends without one, so that nothing keeps a
/// message, or those that were claimed with it, in the queue for ever.
struct Refusal: Sendable {
    let shared: SharedState
    let database: Database
    let deadLetters: DeadLetterLog

    private struct Place: Hashable {
        var part: Int16
        var session: Int32
    }
    private typealias Over = [MessageID: MessagesThatAreOver.Row]

    /// Answers those that were over already, and how: cancelled or expired. The others are dead letters now.
    func end(_ refused: [Refused]) async throws -> [MessageID: String] {
        let rows = try await database.run(MessagesThatAreOver(messageIDs: refused.map(\.lease.messageID)))
        let over = Dictionary(rows.map { ($0.messageID, $0) }) { $1 }
        for (place, group) in Dictionary(grouping: refused, by: { Place(part: $0.lease.part, session: $0.lease.session) }) {
            try await end(group, over, place, withBodies: true)
        }
        deadLetters.note(
            refused.filter { over[$0.lease.messageID] == nil }.map { .init(message: $0.lease.messageID, reason: $0.reason) })
        return over.mapValues(\.kind)
    }

    private func end(_ group: [Refused], _ over: Over, _ place: Place, withBodies: Bool) async throws {
        do {
            let statements = statements(group, over, place, withBodies: withBodies)
            try await database.withConnection { try await $0.transactAll(statements) }
        } catch let error as StoreError where error.isDataError && group.count > 1 {
            try await end(Array(group.prefix(group.count / 2)), over, place, withBodies: withBodies)
            try await end(Array(group.dropFirst(group.count / 2)), over, place, withBodies: withBodies)
        } catch let error as StoreError where error.isDataError && withBodies {
            try await end(group, over, place, withBodies: false)
        }
    }

    private func statements(_ group: [Refused], _ over: Over, _ place: Place, withBodies: Bool) -> [any Statement] {
        var dead = InsertDeadLetters(part: place.part, withBodies: withBodies)
        var ended = Finish(part: place.part)
        for one in group {
            let over = over[one.lease.messageID]
            if let over, over.hasUnknownOutcome {
                let reason = DeadLetterReason.inDoubt(unsent: "it is \(over.kind)")
                dead.add(one.lease, attempt: one.lease.attempt, provider: one.provider, reason: reason)
            } else if let over, over.kind == "cancelled" || !keepsExpired(over.classID) {
                ended.add(one.lease, kind: over.kind)
            } else {
                let reason = over == nil ? one.reason : .expired(nil)
                dead.add(one.lease, attempt: one.lease.attempt, provider: one.provider, reason: reason)
            }
        }
        var statements: [any Statement] = [RecordLock(session: place.session)]
        if ended.count > 0 { statements.append(ended) }
        if dead.count > 0 { statements.append(dead) }
        return statements + [EraseBodies(messageIDs: group.map(\.lease.messageID))]
    }

    private func keepsExpired(_ classID: Int16) -> Bool { shared.policy.classes[classID]?.keepsExpired ?? false }
}
