import Campaigns
import Domain
import Logging
import Pipeline
import ProviderEvents
import Store
import Synchronization
import Telemetry

/// The duties that any worker does for the cluster: promote what is due, rescue what is lost, rotate the rings, keep the partitions, try
/// events again that found nothing, decide follow-ups, release runs of campaigns.
///
/// There is no leader: whoever gets the duty's lock does a round; when that worker dies the next round is another's.
struct Maintenance: Sendable {
    /// Sizes, in 8 KiB pages, at which a part is closed: about 100,000 rows, so that a scan over a dead prefix stays short.
    static let pages: [LoadRingParts.Kind: Int64] = [.ready: 700, .leased: 1000, .due: 1000]
    /// Rows at which one that began with pages is closed: its free places are not to be counted from outside.
    static let rows: Int64 = 100_000
    /// After a start or a promotion of the server every beat looks stale: the first worker back must not rescue everyone.
    static let rescueGrace = Duration.seconds(15)
    let shared: SharedState
    let database: Database
    let recorder: EventRecorder
    let providerQueues: ProviderQueues
    let signals: LoopSignals
    let inFlight: InFlight
    let meters: Meters
    let logger: Logger
    let levels = Levels()
    let troubles: Troubles
    let retention: Retention
    let releaser: Releaser
    private let rotation = Rotation()
    private let due: DueDuties

    init(
        shared: SharedState, database: Database, recorder: EventRecorder, providerQueues: ProviderQueues, signals: LoopSignals,
        inFlight: InFlight,
        meters: Meters,
        logger: Logger
    ) {
        self.shared = shared
        self.database = database
        self.recorder = recorder
        self.providerQueues = providerQueues
        self.signals = signals
        self.inFlight = inFlight
        self.meters = meters
        self.logger = logger
        due = DueDuties(database)
        releaser = Releaser(database: database, meters: meters, logger: logger)
        troubles = Troubles(logger: logger, meters: meters)
        retention = Retention(database: database, troubles: troubles, meters: meters, logger: logger)
    }

    private enum Duty: Int32 {
        case promote = 2
        case rotate = 3
        case retention = 4
        case events = 5
        case levels = 6
    }

    func run() async {
        await withDiscardingTaskGroup { group in
            group.addTask { await repeating(every: .seconds(5), wokenBy: signals.due, "promote") { try await promote() } }
            group.addTask { await repeating(every: .seconds(1), "rescue") { try await rescue() } }
            group.addTask { await repeating(every: .milliseconds(500), "rotate") { try await rotate() } }
            group.addTask { await repeating(every: .milliseconds(500), "retry events") { try await retryEvents() } }
            group.addTask { await repeating(every: .milliseconds(500), "follow-ups") { try await decideFollowUps() } }
            group.addTask { await repeating(every: .milliseconds(500), "jobs") { try await workOnJobs() } }
            group.addTask { await repeating(every: .milliseconds(500), "release runs") { try await releaseRuns() } }
            group.addTask { await repeating(every: .seconds(2), "settle codes") { try await settleCodes() } }
            group.addTask { await repeating(every: .seconds(15), "count events") { try await countEvents() } }
            group.addTask { await repeating(every: .seconds(10), "levels") { try await measure() } }
            group.addTask { await repeating(every: .seconds(600), "retention") { try await retention.round() } }
        }
    }

    private func repeating(
        every interval: Duration, wokenBy signal: LoopSignal = LoopSignal(), _ name: String,
        _ round: @Sendable () async throws -> Bool
    ) async {
        var failures = 0
        while !Task.isCancelled {
            let generation = signal.generation
            var again = false
            do {
                again = try await round()
                failures = 0
            } catch {
                guard !Task.isCancelled else { return }  // the worker stops; whoever is left does the rest
                failures += 1
                if failures == 1 || failures % 60 == 0 {
                    logger.warning(
                        "maintenance round failed", metadata: ["duty": "\(name)", "error": "\(error)", "times": "\(failures)"])
                }
            }
            if again { continue }
            await signal.wait(after: generation, timeout: interval * Double.random(in: 0.8...1.2))
        }
    }

    /// When the probe says that a message is due. True: there is more.
    func promote() async throws -> Bool {
        let parts = shared.rings.due.map(\.number).filter { troubles.isDue("promote part \($0)") }
        var counts: [Int] = []
        do {
            counts = try await promote(parts)
        } catch let error as StoreError where parts.count > 1 && error.sqlstate != nil {
            // One of them: each by itself.
            try await troubles.each("promote", parts.map { ("part \($0)", $0) }) { counts += try await promote([$0]) }
        }
        meters.count("martlet_promoted_total", by: counts.reduce(0, +))
        return counts.contains { $0 >= 1000 }
    }

    private func promote(_ parts: [Int16]) async throws -> [Int] {
        try await onDuty(.promote) { connection in
            var counts: [Int] = []
            for part in parts { counts.append(try await connection.run(PromoteDue(part: part, limit: 1000)).count) }
            return counts
        } ?? []
    }

    private func rescue() async throws -> Bool {
        // A worker with messages in flight need not ask whether anything is leased.
        if inFlight.count == 0 { guard try await due.rescue() else { return false } }
        let health = try await database.run(ServerUp())
        guard health >= Self.rescueGrace else { return false }
        let moved = try await Rescue(shared: shared, database: database, troubles: troubles).round()
        for (word, count) in moved { meters.count("martlet_rescued_total", [("into", word)], by: count) }
        if !moved.isEmpty {
            logger.warning("rescued messages of a lost worker or an overdue claim", metadata: ["moved": "\(moved)"])
        }
        return false
    }

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

    /// True: there is more.
    private func retryEvents() async throws -> Bool {
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

    /// True: there is more. Without a duty's lock: whose rows another worker holds are passed over.
    func decideFollowUps() async throws -> Bool {
        guard try await due.followUps() else { return false }
        var limit: Int32 = 500
        while true {
            do {
                let decided = try await database.run(DecideFollowUps(limit: limit))
                for (decision, count) in decided { meters.count("martlet_follow_ups_total", [("decision", decision)], by: count) }
                return decided.reduce(0) { $0 + $1.count } >= Int(limit)
            } catch let error as StoreError where error.isDataError && limit > 1 {
                limit /= 2
            } catch let error as StoreError where error.isDataError {
                // The first that is due, and no other.
                guard let message = try await database.run(RefuseFollowUp()) else { throw error }
                meters.count("martlet_follow_ups_total", [("decision", "refused")])
                logger.error(
                    "a follow-up cannot be decided; it is refused", metadata: ["message_id": "\(message)", "error": "\(error)"])
                return true
            }
        }
    }

    /// One batch of bulk work that an admin has begun. True: there is more. Without a duty's lock: a job that another worker has is passed over.
    func workOnJobs() async throws -> Bool {
        guard try await due.jobs(), let batch = try await database.run(WorkOnJobs(), within: .seconds(60)) else {
            return false
        }
        for (result, count) in [("done", batch.done), ("skipped", batch.skipped)] where count > 0 {
            meters.count("martlet_job_messages_total", [("action", batch.action), ("result", result)], by: count)
        }
        if batch.hasEnded { logger.info("a job has ended", metadata: ["job": "\(batch.job)", "action": "\(batch.action)"]) }
        return true
    }

    /// True: there is more. Without a duty's lock: chunks that another worker holds are passed over.
    private func releaseRuns() async throws -> Bool {
        guard try await due.runs() else { return false }
        return try await releaser.round()
    }

    private func settleCodes() async throws -> Bool {
        guard try await due.codes() else { return false }
        return try await releaser.settleCodes()
    }

    /// Exports the levels; measures them when nobody did so lately.
    private func measure() async throws -> Bool {
        var last = try await database.run(LoadLevels())
        if Levels.isDue(last) {
            let span = levels.span(after: last)
            do {
                let measured = try await onDuty(.levels) { connection in
                    // Another worker may just have done it.
                    guard try await Levels.isDue(connection.run(LoadLevels())) else { return false }
                    _ = try await connection.run(MeasureLevels(span: span), within: Levels.deadline)
                    return true
                }
                if measured == true { levels.succeeded() }
            } catch {
                levels.failed(span)
                throw error
            }
            last = try await database.run(LoadLevels())
        }
        levels.export(last, to: meters)
        let poor = Levels.poor(last, shared.policy.policy.providers)
        if providerQueues.setPoor(poor) {
            logger.notice("providers that deliver less than their policy wants", metadata: ["providers": "\(poor.sorted())"])
        }
        return false
    }

    private func countEvents() async throws -> Bool {
        let counts = try await database.run(CountParkedEvents())
        meters.gauge("martlet_events_waiting", [], Double(counts.waiting))
        meters.gauge("martlet_events_unmatched", [], Double(counts.unmatched))
        return false
    }

    /// When the rings need another look: not while nothing was enqueued since one that left nothing to do; but now and then all the same, because
    /// retries fill the ring `due` without a position.
    private final class Rotation: Sendable {
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

    /// Runs `body` in a transaction that holds the duty's lock; nil when another worker has it.
    private func onDuty<T: Sendable>(_ duty: Duty, _ body: @Sendable (StoreConnection) async throws -> T) async throws -> T? {
        try await database.withConnection { connection in
            do {
                guard try await connection.begin(TryDuty(duty: duty.rawValue)) else {
                    await connection.rollbackAfterError()
                    return nil
                }
                let value = try await body(connection)
                try await connection.commitAll([])
                return value
            } catch {
                await connection.rollbackAfterError()
                throw error
            }
        }
    }
}
