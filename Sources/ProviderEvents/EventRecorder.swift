import Callbacks
import Domain
import Logging
import Store
import Telemetry

/// What a recorder asks the program that it works in.
package protocol EventSurroundings: Sendable {
    /// Of the newest policy.
    var eventPolicy: EventPolicy { get }
    /// The database's clock, or nearly: only a gauge depends on it.
    func databaseNow() -> Timestamp
}

/// What the policy says about events.
package struct EventPolicy: Sendable {
    /// Providers whose receipts will name the ids that they answer with; no others.
    package var receiptIDs: [String: ReceiptIDs]
    package var keywords: InboundKeywords
    /// Kinds of receipts that webhooks ask for; nearly always none.
    package var published: Set<String>

    package init(_ policy: Policy) {
        receiptIDs = policy.providers.mapValues(ReceiptIDs.init(of:)).filter { $0.value != .none }
        keywords = InboundKeywords(policy)
        published = Set(policy.webhooks.flatMap(\.events).compactMap { $0.hasPrefix("message.") ? String($0.dropFirst(8)) : nil })
    }
}

/// Keeps what providers say later: receipts, late answers, texts, reports about mail. When `record` returns they are in PostgreSQL, and
/// only then the carrier gets the answer that they were taken.
///
/// 1. BEGIN, and the ids on record that the receipts could mean. One round trip; a second look further back for what found nothing.
/// 2. `EventBatch`: whose is it, what does it say. Pure.
/// 3. The locks of messages whose state follows from several receipts, then, in fresh statements, everything that follows; COMMIT. One
///    round trip.
///
/// An event that finds nothing is parked, durably, and the duty `retry events` tries it again: its transaction may not yet see the commit
/// of the acceptance, nor that one this. Whatever comes again finds itself there already.
package struct EventRecorder: ProviderEventSink {
    let shared: any EventSurroundings
    /// Of its own: a flood of receipts takes no connection from Admit and Record.
    let database: Database
    let meters: Meters
    package let logger: Logger
    /// Runs after the commit and before the carrier gets its answer; a test uses it.
    let afterwards: @Sendable () async throws -> Void

    /// Ids of the last days first: they are nearly all, and where a carrier gives an id twice the newer one is meant.
    static let recent = Duration.seconds(2 * 86_400)
    static let longest = Duration.seconds(36 * 86_400)
    /// For a connection, and for each round trip. The carrier keeps what is not answered in time.
    package static let deadline = Duration.seconds(5)

    package init(
        shared: any EventSurroundings, database: Database, meters: Meters, logger: Logger,
        afterwards: @escaping @Sendable () async throws -> Void = {}
    ) {
        self.shared = shared
        self.database = database
        self.meters = meters
        self.logger = logger
        self.afterwards = afterwards
    }

    /// - Throws: `StoreError`; nothing of `events` was kept then, or it is not known, and they may come again.
    package func record(_ events: [ProviderEvent]) async throws {
        try await keep(events.map { EventBatch.Item(event: $0) })
        try await afterwards()
    }

    /// A data error bisects the batch, so that one bad event does not make the others come for ever.
    private func keep(_ items: [EventBatch.Item]) async throws {
        do {
            try await keepTogether(items)
        } catch let error as StoreError where error.isDataError {
            guard items.count > 1 else { return try await setAside(items, error) }
            try await keep(Array(items.prefix(items.count / 2)))
            try await keep(Array(items.dropFirst(items.count / 2)))
        }
    }

    private func keepTogether(_ items: [EventBatch.Item]) async throws {
        for attempt in 1... {
            do {
                let kept = try await database.withConnection(within: Self.deadline) { connection in
                    do {
                        return try await apply(items, on: connection, begins: true)
                    } catch {
                        await connection.rollbackAfterError()
                        throw error
                    }
                }
                return report(kept)
            } catch let error as StoreError where attempt < 4 && error.isRetryable {
                continue  // a deadlock: the other transaction has gone on
            }
        }
    }

    package struct Kept: Sendable {
        var batch: EventBatch
        var parked: [String]
        var resolved: [MessageID]
        var keywords: [Keyword]
        var confirmed: [ConfirmConsents.Result]
    }
    struct Keyword: Sendable, Hashable {
        /// nil: START and its like.
        var scope: String?
        var changed: Bool
    }

    /// - Parameter begins: begin a transaction and commit it; false: part of the caller's.
    package func apply(_ items: [EventBatch.Item], on connection: StoreConnection, begins: Bool) async throws -> Kept {
        let policy = shared.eventPolicy
        var batch = EventBatch(items, policy)
        let first = batch.lookup(since: Self.recent)
        let named = batch.named
        let (recent, handOvers) =
            begins
            ? try await connection.begin(first, named, within: Self.deadline)
            : try await connection.run(first, named, within: Self.deadline)
        batch.match(recent)
        batch.match(named: handOvers)
        let second = batch.lookup(since: Self.longest)
        if !second.folded.isEmpty { batch.match(try await connection.run(second, within: Self.deadline)) }
        let surveys = batch.surveys
        if !surveys.isEmpty { batch.match(try await connection.run(surveys, within: Self.deadline)) }
        let writes = batch.writes()
        let confirmed = try await confirm(writes, on: connection)
        // Parked before the doubts are resolved: an outcome that the first does not see yet the second need not see, as the event comes again.
        // What a text asks for (STOP …) is done in the transaction that keeps it, and last: its locks hold up Admit.
        let (_, _, _, _, parked, resolved, _, _, applied) =
            begins
            ? try await connection.commit(
                writes.lock, writes.ids, writes.receipts, writes.conclusions, writes.parked, writes.resolved,
                writes.suppressions, writes.texts, writes.keywords, within: Self.deadline)
            : try await connection.run(
                writes.lock, writes.ids, writes.receipts, writes.conclusions, writes.parked, writes.resolved,
                writes.suppressions, writes.texts, writes.keywords, within: Self.deadline)
        let keywords = zip(writes.keywords.scopes, applied).map { Keyword(scope: $0, changed: $1) }
        return Kept(batch: batch, parked: parked, resolved: resolved, keywords: keywords, confirmed: confirmed)
    }

    /// A yes to a question about consent. Before the other writes: its locks are those of the keywords, too.
    private func confirm(_ writes: EventBatch.Writes, on connection: StoreConnection) async throws -> [ConfirmConsents.Result] {
        guard !writes.confirmed.isEmpty else { return [] }
        let confirm = ConfirmConsents(
            messageIDs: writes.confirmed, method: "double_opt_in_text", addresses: writes.keywords.addresses)
        let (_, results) = try await connection.run(writes.lock, confirm, within: Self.deadline)
        return results.map { $0 ?? .nothing }
    }

    package func report(_ kept: Kept) {
        for (label, count) in kept.batch.firstTimes {
            meters.count("martlet_receipts_total", [("provider", label.provider), ("state", label.state)], by: count)
        }
        for (provider, count) in kept.batch.unreadableTexts {
            meters.count("martlet_unreadable_texts_total", [("provider", provider)], by: count)
        }
        for (reason, count) in Dictionary(kept.parked.map { ($0, 1) }, uniquingKeysWith: +) {
            meters.count("martlet_events_parked_total", [("reason", reason)], by: count)
        }
        for (keyword, count) in Dictionary(kept.keywords.map { ($0, 1) }, uniquingKeysWith: +) {
            let labels = [("scope", keyword.scope ?? "lifted"), ("changed", keyword.changed ? "yes" : "no")]
            meters.count("martlet_keywords_total", labels, by: count)
        }
        for (result, count) in Dictionary(kept.confirmed.map { ($0, 1) }, uniquingKeysWith: +) {
            meters.count("martlet_confirmations_total", [("by", "text"), ("result", result.rawValue)], by: count)
        }
        meters.count("martlet_doubts_resolved_total", by: kept.resolved.count)
        let now = shared.databaseNow()
        for (provider, accepted) in kept.batch.oldest {
            meters.gauge("martlet_receipt_lag_seconds", [("provider", provider)], max(.zero, now - accepted).inSeconds)
        }
    }

    /// What PostgreSQL refuses is kept as a description, for people.
    private func setAside(_ items: [EventBatch.Item], _ error: StoreError) async throws {
        logger.error(
            "an event of a provider cannot be kept as it is; it was set aside",
            metadata: ["provider": "\(items[0].event.provider)", "error": "\(error)"])
        let rows = items.map { EventBatch.unreadable($0, "\(error)") }
        _ = try await database.run(ParkEvents(rows), within: Self.deadline)
        meters.count("martlet_events_parked_total", [("reason", "unreadable")], by: rows.count)
    }
}
