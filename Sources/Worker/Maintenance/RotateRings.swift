import Pipeline
import Store
import Synchronization
import Telemetry

/// Parts of the rings: a full one is closed, an empty one is given back.
extension Maintenance {
    /// Sizes, in 8 KiB pages, at which a part is closed: about 100,000 rows, so that a scan over a dead prefix stays short.
    static let pages: [LoadRingParts.Kind: Int64] = [.ready: 700, .leased: 1000, .due: 1000]
    /// Rows at which one that began with pages is closed: its free places are not to be counted from outside.
    static let rows: Int64 = 100_000

    func rotate() async throws -> Bool {
        let sequence = shared.sequence
        guard rotation.isWanted(at: sequence) else { return false }
        let parts = try await onDuty(.rotate) { try await $0.run(LoadRingParts()) }
        guard let parts else { return false }
        let probe = try await database.run(QueueProbe())
        var current = Set(probe.cursors.map { Ring(kind: .ready, part: Store.ringPart(ofCursor: $0)) })
        current.insert(Ring(kind: .leased, part: Store.ringPart(ofCursor: probe.leasedCursor)))
        current.insert(Ring(kind: .due, part: Store.ringPart(ofCursor: probe.dueCursor)))
        // One that fails is looked at again in the next round.
        var settled = 0
        try await troubles.each("rotate", parts.map { ("\($0.kind.rawValue) part \($0.number)", $0) }) { part in
            if current.contains(Ring(kind: part.kind, part: part.number)) {
                guard Self.isFull(part) else {
                    settled += 1
                    return
                }
                if !parts.contains(where: { $0.kind == part.kind && $0.lane == part.lane && $0.isFree }) {
                    _ = try await database.run(AddRingPart(kind: part.kind, lane: part.lane))
                }
                _ = try await database.run(AdvanceRing(kind: part.kind, lane: part.lane))
            } else if part.isFree && part.reusedPages == 0 {
                settled += 1
            } else if try await database.run(RetireRingPart(kind: part.kind, part: part.number)) {
                meters.count("martlet_segments_retired_total", [("kind", part.kind.rawValue)])
            }
        }
        if settled == parts.count { rotation.settled(at: sequence) }
        return false
    }

    /// One that was given back without TRUNCATE has its pages from the beginning. Should the statistics be lost, it is full when it grows.
    static func isFull(_ part: LoadRingParts.Part) -> Bool {
        part.pages >= max(pages[part.kind] ?? 1000, Int64(part.reusedPages) + 1)
            || part.reusedPages > 0 && part.insertedRows >= rows
    }
}

/// When the rings need another look: not while nothing was enqueued since one that left nothing to do; but now and then all the same, because
/// retries fill the ring `due` without a position.
final class Rotation: Sendable {
    private let last = Mutex<(sequence: Int64, at: ContinuousClock.Instant)?>(nil)

    func isWanted(at sequence: Int64) -> Bool {
        last.withLock { last in last.map { $0.sequence != sequence || $0.at + .seconds(10) <= .now } ?? true }
    }
    func settled(at sequence: Int64) { last.withLock { $0 = (sequence, .now) } }
}

private struct Ring: Hashable {
    var kind: LoadRingParts.Kind
    var part: Int16
}
