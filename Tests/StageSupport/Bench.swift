// A release build cannot see what tests see.
#if DEBUG
    import Domain
    import Logging
    import PipelineSupport
    import ProviderEvents
    import Store
    import Telemetry
    import Transports

    @testable import Pipeline
    @testable import Worker

    /// The stages of one worker in this process, without its loops: a test takes each step itself.
    package struct Bench {
        package let shop: Shop
        package let database: Database
        package let shared: SharedState
        /// What a recorder of events asks.
        package let events: WorkerEventPolicy
        package let claim: Claim
        package let providerQueues: ProviderQueues
        package let results = Results()
        package let inFlight = InFlight(limit: 1000)
        package let pipeline: Pipeline

        /// - Parameter database: where many work at once, one with a connection for each; nil: the shop's.
        package init(_ shop: Shop, on database: Database? = nil) async throws {
            self.shop = shop
            let database = database ?? shop.store
            self.database = database
            guard let policy = try await PolicyInForce.load(from: database) else { preconditionFailure("a shop has a policy") }
            let snapshot = policy.snapshot
            let asked = ContinuousClock.now
            let session = try await database.run(BeginSession(worker: "bench", host: "here", pid: 1, version: "0"))
            let beat = try await database.run(Beat(session: session, inFlight: 0, isDraining: false))
            shared = SharedState(session: session, policy: snapshot, databaseNow: beat.now, asked: asked)
            events = WorkerEventPolicy(policy.events, shared: shared)
            let logger = Logger(label: "bench") { _ in SwiftLogNoOpLogHandler() }
            let results = results
            providerQueues = ProviderQueues(
                try snapshot.policy.providers.values.map { policy in
                    ProviderQueue(
                        policy: policy, transport: try TransportFactory.make(policy, logger: logger),
                        takeRate: { try await database.run($0) }, results: { results.add($0) })
                })
            let claimBudget = ClaimBudget(providerQueues: providerQueues)
            claim = Claim(
                shared: shared, database: database, claimBudget: claimBudget, lease: .seconds(30), idlePoll: .milliseconds(50))
            pipeline = Pipeline(
                shared: shared, database: database, claim: claim, claimBudget: claimBudget, providerQueues: providerQueues,
                results: results, inFlight: inFlight, meters: Meters(), logger: logger,
                deadLetters: DeadLetterLog(meters: Meters(), logger: logger), batch: 50)
            try await refresh()
        }

        /// Looks at the rings and takes the probe.
        package func refresh() async throws {
            let (parts, probe) = try await database.withConnection { try await $0.run(LoadRingParts(), QueueProbe()) }
            shared.update(rings: RingParts(parts, probe: probe), paused: [])
            _ = claim.update(probe)
        }

        /// A batch that was claimed through the other stages.
        package func process(_ batch: Claim.Batch) async throws { _ = try await pipeline.process { .batch(batch) } }

        /// Claims a batch of a lane, renders, admits and hands over. False: there was nothing.
        package func step(lane: Int16, limit: Int = 50) async throws -> Bool {
            guard let batch = try await claim.take(lane: lane, limit: limit) else { return false }
            try await process(batch)
            try await recordAll()
            return true
        }

        /// Writes down every answer that is here by now.
        package func recordAll() async throws {
            while true {
                let taken = await results.take(500, timeout: .zero)
                guard !taken.isEmpty else { return }
                _ = try await Record(shared: shared, database: database).record(taken)
            }
        }

        /// Moves into the lanes what is due by now.
        package func promote() async throws -> Int {
            var count = 0
            for part in shared.rings.due { count += try await database.run(PromoteDue(part: part.number)).count }
            try await refresh()
            claim.resetScanPositions()
            return count
        }
    }

    extension Bench {
        /// The duties of this worker, each to be called by itself.
        package var maintenance: Maintenance {
            let logger = Logger(label: "bench") { _ in SwiftLogNoOpLogHandler() }
            return Maintenance(
                shared: shared, database: database,
                recorder: EventRecorder(shared: events, database: database, meters: Meters(), logger: logger),
                providerQueues: providerQueues,
                signals: LoopSignals(), inFlight: inFlight, meters: Meters(), logger: logger)
        }
    }
#endif
