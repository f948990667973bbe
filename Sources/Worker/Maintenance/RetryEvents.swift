import Domain
import Logging
import ProviderEvents
import Store

/// Tries parked events again: a receipt that came before the acceptance was written down finds its id a second later.
///
/// Rows are taken away, tried like new ones, and put back with their next time if they still find nothing; all in one transaction.
struct RetryEvents: Sendable {
    static let limit: Int32 = 500
    let recorder: EventRecorder

    struct Round: Sendable {
        /// nil: nothing was due.
        var kept: EventRecorder.Kept?
        /// There may be more.
        var isFull: Bool
    }

    /// One round, as part of the duty's transaction.
    func round(on connection: StoreConnection, limit: Int32 = limit) async throws -> Round {
        let taken = try await connection.run(TakeParkedEvents(limit: limit))
        guard !taken.isEmpty else { return Round(kept: nil, isFull: false) }
        var items: [EventBatch.Item] = []
        var unreadable: [ParkEvents.Row] = []
        for row in taken {
            do {
                items.append(.init(event: try EventText.event(row.payload), at: row.at, tries: row.tries))
            } catch {
                // Of another version: kept as it is, for people.
                unreadable.append(
                    .init(
                        at: row.at, provider: row.provider, kind: row.kind, payload: row.payload, reason: "unreadable",
                        tries: row.tries))
            }
        }
        if !unreadable.isEmpty { _ = try await connection.run(ParkEvents(unreadable)) }
        let kept = try await recorder.apply(items, on: connection, begins: false)
        return Round(kept: kept, isFull: taken.count == Int(limit))
    }

    /// Instead of a round that PostgreSQL refused even for one event: that one is kept for people.
    func setAside(on connection: StoreConnection) async throws {
        let rows = try await connection.run(TakeParkedEvents(limit: 1)).map {
            ParkEvents.Row(
                at: $0.at, provider: $0.provider, kind: $0.kind, payload: $0.payload, reason: "unreadable", tries: $0.tries)
        }
        _ = try await connection.run(ParkEvents(rows))
    }
}

extension Maintenance {
    /// True: there is more.
    func retryEvents() async throws -> Bool {
        guard try await due.events() else { return false }
        let work = RetryEvents(recorder: recorder)
        var limit = RetryEvents.limit
        while true {
            do {
                let round = try await onDuty(.events) { [limit] in try await work.round(on: $0, limit: limit) }
                if let kept = round?.kept { recorder.report(kept) }
                return round?.isFull ?? false
            } catch let error as StoreError where error.isDataError && limit > 1 {
                limit /= 2
            } catch let error as StoreError where error.isDataError {
                logger.error("a parked event cannot be tried again; it is kept for people", metadata: ["error": "\(error)"])
                try await onDuty(.events) { try await work.setAside(on: $0) }
                return true
            }
        }
    }
}
