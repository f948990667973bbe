import Domain
import Logging
import Pipeline
import ServiceLifecycle
import Settings
import Store
import Transports

/// One worker process: a session, the loops of the pipeline, the providers' connections, its share of the cluster's maintenance.
///
/// Runs until graceful shutdown (or, with `untilIdle`, until nothing is ready or leased); then drains: claims stop, what waits is
/// un-admitted, what is on its way is awaited within the grace period, leases go back, the session ends.
public struct Worker: Service {
    private let settings: WorkerSettings
    private let identity: WorkerIdentity
    private let options: DatabaseOptions
    private let untilIdle: Bool
    private let logger: Logger
    private let health: WorkerHealth

    public init(
        settings: WorkerSettings, identity: WorkerIdentity, options: DatabaseOptions, untilIdle: Bool, health: WorkerHealth,
        logger: Logger
    ) {
        self.settings = settings
        self.identity = identity
        self.options = options
        self.untilIdle = untilIdle
        self.health = health
        self.logger = logger
    }

    public func run() async throws {
        var work = options
        work.connections = settings.connections + 2
        let database = Database(work)
        var beat = options
        beat.connections = 2
        let beatDatabase = Database(beat)
        var single = options
        single.connections = 1
        let heartDatabase = Database(single)
        let waitDatabase = Database(single)
        var events = options
        events.connections = 2
        let eventDatabase = Database(events)
        defer { health.isReady = false }
        guard let policy = try await firstPolicy(database) else { return }
        guard let shared = await begin(policy.snapshot, beatDatabase) else { return }
        logger.info("working", metadata: ["session": "\(shared.session)", "policy": "\(policy.snapshot.version)"])
        let flow = WorkerLoops(
            settings: settings, shared: shared, events: WorkerEventPolicy(policy.events, shared: shared), database: database,
            beatDatabase: beatDatabase, heartDatabase: heartDatabase,
            waitDatabase: waitDatabase, eventDatabase: eventDatabase, identity: identity, logger: logger)
        health.watch(shared, flow.inFlight)
        try await flow.run(untilIdle: untilIdle)
        await database.close()
        await beatDatabase.close()
        await heartDatabase.close()
        await waitDatabase.close()
        await eventDatabase.close()
    }

    /// A session, and the first look at the rings; nil when the worker is told to stop before the database is to be had.
    private func begin(_ policy: PolicySnapshot, _ database: Database) async -> SharedState? {
        var pause = Pause(limit: .seconds(5))
        while !Task.isShuttingDownGracefully && !Task.isCancelled {
            do {
                let asked = ContinuousClock.now
                let session = try await database.run(identity.begin(policy))
                let first = try await database.run(Beat(session: session, inFlight: 0, isDraining: false))
                let shared = SharedState(session: session, policy: policy, databaseNow: first.now, asked: asked)
                let (parts, probe, paused) = try await database.withConnection {
                    try await $0.run(LoadRingParts(), QueueProbe(), LoadPausedLanes())
                }
                shared.update(rings: RingParts(parts, probe: probe), paused: paused)
                return shared
            } catch {
                if pause.isFirst { logger.warning("no session yet", metadata: ["error": "\(error)"]) }
                await pause.wait()
            }
        }
        return nil
    }

    /// Waits until a policy has been applied; nil when the worker is told to stop before.
    private func firstPolicy(_ database: Database) async throws -> PolicyInForce? {
        var pause = Pause(limit: .seconds(5))
        while !Task.isShuttingDownGracefully {
            do {
                if let policy = try await PolicyInForce.load(from: database) {
                    let conflicts = settings.conflicts(with: policy.snapshot.policy)
                    guard conflicts.isEmpty else { throw WorkerError.conflicts(conflicts) }
                    policy.snapshot.reportLinks(to: logger)
                    return policy
                }
                if pause.isFirst { logger.warning("no policy has been applied yet; waiting for `martlet config apply`") }
            } catch let error as StoreError {
                if pause.isFirst { logger.warning("the database cannot be reached yet", metadata: ["error": "\(error)"]) }
            }
            await pause.wait()
        }
        return nil
    }
}

/// Why a worker does not start.
public enum WorkerError: Error, CustomStringConvertible {
    case conflicts([String])

    public var description: String {
        switch self {
        case .conflicts(let conflicts): conflicts.joined(separator: "\n")
        }
    }
}
