import Campaigns
import Domain
import Logging
import Pipeline
import ProviderEvents
import Store
import Telemetry

/// The duties that any worker does for the cluster: promote what is due, rescue what is lost, rotate the rings, keep the partitions, try
/// events again that found nothing, decide follow-ups, release runs of campaigns, take steps of journeys.
///
/// There is no leader: the worker that gets the duty's lock does a round; when that worker dies, another one does the next. Each duty has a file here.
struct Maintenance: Sendable {
    let shared: SharedState
    let database: Database
    let recorder: EventRecorder
    let providerQueues: ProviderQueues
    let signals: LoopSignals
    let inFlight: InFlight
    let meters: Meters
    let logger: Logger
    /// Another worker waits for all, and does the duties.
    let isAnothersTurn: @Sendable () -> Bool
    let levels = Levels()
    let troubles: Troubles
    let retention: Retention
    let releaser: Releaser
    let journeys: JourneyRunner
    let rotation = Rotation()
    let due: DueDuties

    init(
        shared: SharedState, database: Database, recorder: EventRecorder, providerQueues: ProviderQueues, signals: LoopSignals,
        inFlight: InFlight,
        meters: Meters,
        logger: Logger, isAnothersTurn: @escaping @Sendable () -> Bool = { false }
    ) {
        self.isAnothersTurn = isAnothersTurn
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
        journeys = JourneyRunner(database: database, meters: meters, logger: logger)
        troubles = Troubles(logger: logger, meters: meters)
        retention = Retention(database: database, troubles: troubles, meters: meters, logger: logger)
    }

    enum Duty: Int32 {
        case promote = 2
        case rotate = 3
        case retention = 4
        case events = 5
        case levels = 6
    }

    func run() async {
        await withDiscardingTaskGroup { group in
            group.addTask { await repeating(every: { .seconds(5) }, wokenBy: signals.due, "promote") { try await promote() } }
            group.addTask { await repeating(every: { .seconds(1) }, "rescue") { try await rescue() } }
            group.addTask { await inTurn(every: .milliseconds(500), "rotate") { try await rotate() } }
            group.addTask { await inTurn(every: .milliseconds(500), "retry events") { try await retryEvents() } }
            group.addTask { await inTurn(every: .milliseconds(500), "follow-ups") { try await decideFollowUps() } }
            group.addTask { await inTurn(every: .milliseconds(500), "jobs") { try await workOnJobs() } }
            group.addTask { await inTurn(every: .milliseconds(500), "release runs") { try await releaseRuns() } }
            group.addTask { await inTurn(every: .milliseconds(500), "steps of journeys") { try await takeJourneySteps() } }
            group.addTask { await inTurn(every: .seconds(2), "settle codes") { try await settleCodes() } }
            group.addTask { await repeating(every: { .seconds(15) }, "count events") { try await countEvents() } }
            // A worker that starts beside a backlog sends first, and measures and counts later.
            group.addTask {
                await Pause.sleep(.seconds(10))
                await repeating(every: { .seconds(10) }, "levels") { try await measure() }
            }
            group.addTask {
                await Pause.sleep(.seconds(10))
                await repeating(every: { .seconds(20) }, "report counts") { try await countReports() }
            }
            group.addTask { await repeating(every: { .seconds(600) }, "retention") { try await retention.round() } }
        }
    }

    /// A duty that a worker leaves nearly always to the one that waits for all, while there is one: it does each tenth round, and sleeps in between.
    private func inTurn(every interval: Duration, _ name: String, _ round: @Sendable () async throws -> Bool) async {
        await repeating(every: { isAnothersTurn() ? interval * 10 : interval }, wokenBy: signals.turn, name, round)
    }

    private func repeating(
        every interval: @Sendable () -> Duration, wokenBy signal: LoopSignal = LoopSignal(), _ name: String,
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
                guard !Task.isCancelled else { return }  // the worker stops; others do the rest
                failures += 1
                if failures == 1 || failures % 60 == 0 {
                    logger.warning(
                        "maintenance round failed", metadata: ["duty": "\(name)", "error": "\(error)", "times": "\(failures)"])
                }
            }
            if again { continue }
            await signal.wait(after: generation, timeout: interval() * Double.random(in: 0.8...1.2))
        }
    }

    /// Runs `body` in a transaction that holds the duty's lock; nil when another worker has it.
    func onDuty<T: Sendable>(_ duty: Duty, _ body: @Sendable (StoreConnection) async throws -> T) async throws -> T? {
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
