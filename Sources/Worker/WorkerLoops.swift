import Domain
import Logging
import Pipeline
import ProviderEvents
import ServiceLifecycle
import Settings
import Store
import Synchronization
import Telemetry
import Transports

/// All loops of one worker, started and ended together.
final class WorkerLoops: Sendable {
    private let settings: WorkerSettings
    private let shared: SharedState
    private let events: WorkerEventPolicy
    private let database: Database
    private let beatDatabase: Database
    /// For beats alone: nothing else may make this worker look dead.
    private let heartDatabase: Database
    private let waitDatabase: Database
    private let rateDesk: RateDesk
    private let identity: WorkerIdentity
    private let logger: Logger
    private let meters = Meters()
    private let deadLetters: DeadLetterLog
    private let results = Results()
    private let signals = LoopSignals()
    private let providerQueues = ProviderQueues([])
    private let claimBudget: ClaimBudget
    private let claim: Claim
    private let pipeline: Pipeline
    private let batches: BatchLoop
    private let recorder: EventRecorder
    /// New providers, to be started in the task group.
    private let started: AsyncStream<ProviderQueue>
    private let starting: AsyncStream<ProviderQueue>.Continuation
    let inFlight: InFlight
    /// When providers were last opened.
    private let openedAt = Mutex(ContinuousClock.now)

    init(
        settings: WorkerSettings, shared: SharedState, events: WorkerEventPolicy, database: Database, beatDatabase: Database,
        heartDatabase: Database,
        waitDatabase: Database, eventDatabase: Database, identity: WorkerIdentity, logger: Logger
    ) {
        self.settings = settings
        self.shared = shared
        self.events = events
        self.database = database
        self.beatDatabase = beatDatabase
        self.heartDatabase = heartDatabase
        self.waitDatabase = waitDatabase
        rateDesk = RateDesk(beatDatabase)
        self.identity = identity
        self.logger = logger
        recorder = EventRecorder(
            shared: events, database: eventDatabase, meters: meters, logger: logger,
            afterwards: { try await Failpoint.afterEvents.reached([]) })
        deadLetters = DeadLetterLog(meters: meters, logger: logger)
        (started, starting) = AsyncStream.makeStream()
        inFlight = InFlight(limit: settings.maxInFlight)
        claimBudget = ClaimBudget(providerQueues: providerQueues)
        claim = Claim(
            shared: shared, database: database, claimBudget: claimBudget, lease: settings.lease, idlePoll: settings.idlePoll)
        pipeline = Pipeline(
            shared: shared, database: database, claim: claim, claimBudget: claimBudget, providerQueues: providerQueues,
            results: results, inFlight: inFlight, meters: meters, logger: logger, deadLetters: deadLetters,
            batch: settings.claimBatch, batchFull: { [signals] in signals.batchFull() })
        batches = BatchLoop(shared: shared, pipeline: pipeline, idlePoll: settings.idlePoll, logger: logger)
    }

    func run(untilIdle: Bool) async throws {
        let problems = open(shared.policy)
        if providerQueues.all.isEmpty, let problem = problems.first { throw problem }
        let providers = Providers { await self.runProviderQueues() }
        await withTaskGroup(of: Void.self) { group in
            group.addTask(executorPreference: beatDatabase.executor) { await self.heartbeat.run() }
            group.addTask { await self.heartbeat.refresh() }
            group.addTask(executorPreference: waitDatabase.executor) { await self.probe.run() }
            for _ in 0..<2 { group.addTask { await self.pipeline.record.run() } }
            if settings.maintenance {
                group.addTask {
                    await Maintenance(
                        shared: self.shared, database: self.database, recorder: self.recorder,
                        providerQueues: self.providerQueues,
                        signals: self.signals, inFlight: self.inFlight, meters: self.meters,
                        logger: self.logger, isAnothersTurn: { self.claim.anotherWaits }
                    ).run()
                }
            }
            await takeBatchesUntilDrained(untilIdle: untilIdle)
            group.cancelAll()
        }
        starting.finish()
        deadLetters.tellRest(isEnd: true)
        await providers.end(within: shared.isHurried ? .zero : .seconds(2))
        do {
            try await beatDatabase.run(EndSession(session: shared.session), within: .seconds(5))
        } catch {
            logger.warning("the session could not be ended; it will be fenced", metadata: ["error": "\(error)"])
        }
        logger.info("drained", metadata: ["in_flight": "\(inFlight.count)"])
    }

    private func takeBatchesUntilDrained(untilIdle: Bool) async {
        await withTaskGroup(of: Void.self) { group in
            // Where its connections live: a code is three round trips, each without a change of threads.
            group.addTask(executorPreference: database.executor) {
                await self.batches.run(.urgent, wokenBy: self.signals.urgent)
            }
            group.addTask { await self.batches.run(.quarantine, wokenBy: self.signals.quarantine) }
            for loop in 0..<max(1, settings.connections / 2) {
                let signal = loop == 0 ? signals.first : signals.others
                group.addTask { await self.batches.run(.general, wokenBy: signal) }
            }
            group.addTask { await self.batches.sweep() }
            await waitForEnd(untilIdle: untilIdle)
            shared.drain()
            signals.everybody()
            await group.waitForAll()
        }
        await drain()
    }

    /// Returns at graceful shutdown, or when the queue is empty.
    private func waitForEnd(untilIdle: Bool) async {
        guard untilIdle else {
            // The wait ends by throwing CancellationError when the group is cancelled: the same as the shutdown for us.
            return await gracefulShutdownOrCancelled()
        }
        while !Task.isShuttingDownGracefully && !Task.isCancelled {
            if inFlight.count == 0 {
                do {
                    if try await beatDatabase.run(QueueIsEmpty()), inFlight.count == 0 { return }
                } catch {
                    logger.warning("cannot see whether the queue is empty", metadata: ["error": "\(error)"])
                }
            }
            do { try await Task.sleep(for: .milliseconds(100)) } catch {
                return  // cancelled
            }
        }
    }

    private func gracefulShutdownOrCancelled() async {
        do { try await gracefulShutdown() } catch {
            return  // cancelled: as good as a shutdown
        }
    }

    /// What waits is un-admitted at once; what is on its way has the grace period.
    private func drain() async {
        logger.info("draining", metadata: ["in_flight": "\(inFlight.count)"])
        let until = ContinuousClock.now + settings.drainGrace
        // Unstructured: a provider that is slow to answer may not hold the process beyond its grace.
        for providerQueue in providerQueues.all { Task { await providerQueue.drain() } }
        while inFlight.count > 0 && ContinuousClock.now < until && !shared.isHurried && !Task.isCancelled {
            await withTaskGroup(of: Void.self) { race in
                race.addTask { await self.inFlight.waitForRelease() }
                race.addTask { await Pause.sleep(.milliseconds(50)) }
                await race.next()
                self.inFlight.wakeAll()
            }
        }
    }

    private var probe: QueueProbeLoop {
        QueueProbeLoop(
            claim: claim, shared: shared, database: waitDatabase, poll: settings.wakePoll, idlePoll: settings.idlePoll,
            maintenance: settings.maintenance, signals: signals, logger: logger,
            readRings: { [self] in try await heartbeat.readRings() })
    }

    private var heartbeat: Heartbeat {
        Heartbeat(
            shared: shared, events: events, database: beatDatabase, beats: heartDatabase, inFlight: inFlight, claim: claim,
            identity: identity,
            interval: settings.heartbeat, refreshInterval: settings.policyPoll, logger: logger,
            policyChanged: { [self] snapshot in
                open(snapshot)
                claim.lookAgain()
                signals.everybody()
            },
            sessionsChanged: { [self] sessions in
                openMissing()
                for providerQueue in providerQueues.all { providerQueue.divide(among: sessions) }
                report()
            },
            providerQueues: providerQueues, lanesChanged: { [signals] in signals.everybody() },
            ordersChanged: { [self] in rerouted() })
    }

    /// Messages may go to other providers than before: Claim finds out at once to which.
    private func rerouted() {
        claimBudget.forget()
        signals.everybody()
    }

    private func circuitOpened(_ provider: String, _ why: String) {
        logger.warning(
            "a provider's circuit is open; its messages go to others of their routes, or wait",
            metadata: ["provider": "\(provider)", "reason": "\(why)"])
        rerouted()
    }

    private func report() {
        deadLetters.tellRest()
        meters.gauge("martlet_in_flight", [], Double(inFlight.count))
        meters.gauge("martlet_live_sessions", [], Double(shared.liveSessions))
        for providerQueue in providerQueues.all {
            meters.gauge("martlet_provider_unanswered", [("provider", providerQueue.name)], Double(providerQueue.unanswered))
            meters.gauge("martlet_provider_waiting", [("provider", providerQueue.name)], Double(providerQueue.waiting))
            meters.gauge(
                "martlet_provider_circuit_open", [("provider", providerQueue.name)], providerQueue.condition == .well ? 0 : 1)
            meters.gauge("martlet_provider_paused_seconds", [("provider", providerQueue.name)], providerQueue.pausedFor.inSeconds)
        }
    }

    /// Opens an provider queue for every provider of the policy that has none yet, or whose account has changed. One that cannot be opened keeps none of the
    /// others from it; its own account of before goes on, if it had one, and it is tried again every 30 s. Answers why some cannot.
    @discardableResult
    private func open(_ snapshot: PolicySnapshot) -> [any Error] {
        var problems: [String: any Error] = [:]
        for policy in snapshot.policy.providers.values where providerQueues.providerQueue(policy.name)?.policy != policy {
            do { try open(policy) } catch {
                problems[policy.name] = error
                if providerQueues.missing[policy.name] == nil {
                    logger.error(
                        "a provider cannot be opened; the others are used, and this one is tried again",
                        metadata: ["provider": "\(policy.name)", "error": "\(error)"])
                }
            }
        }
        providerQueues.setMissing(problems.mapValues { "\($0)" })
        openedAt.withLock { $0 = .now }
        return problems.sorted { $0.key < $1.key }.map(\.value)
    }

    private func openMissing() {
        guard !providerQueues.missing.isEmpty, openedAt.withLock({ $0 + .seconds(30) < .now }) else { return }
        open(shared.policy)
    }

    private func open(_ policy: ProviderPolicy) throws {
        let old = providerQueues.providerQueue(policy.name)
        let transport = try TransportFactory.make(policy, logger: logger, events: recorder)
        let providerQueue = ProviderQueue(
            policy: policy, transport: transport,
            takeRate: { [rateDesk] in try await rateDesk.take($0) },
            hasRoom: { [signals] in signals.hasRoom(lane: $0) }, rerouted: { [self] why in circuitOpened(policy.name, why) },
            results: { [results] in results.add($0) })
        providerQueue.divide(among: shared.liveSessions)
        providerQueues.add(providerQueue)
        starting.yield(providerQueue)
        // Unstructured: the old account finishes what it has while the new one already works.
        if let old { Task { await old.retire() } }
    }

    private func runProviderQueues() async {
        await withDiscardingTaskGroup { group in
            for await providerQueue in started {
                group.addTask { await self.run(providerQueue) }
            }
        }
    }

    /// Until cancelled, or until the provider queue was replaced and has finished.
    private func run(_ providerQueue: ProviderQueue) async {
        await withTaskGroup(of: Void.self) { group in
            group.addTask { [logger] in
                do { try await providerQueue.transport.run() } catch is CancellationError {
                    return
                } catch {
                    logger.error("a transport ended", metadata: ["provider": "\(providerQueue.name)", "error": "\(error)"])
                }
            }
            await providerQueue.run()
            group.cancelAll()
        }
    }
}
