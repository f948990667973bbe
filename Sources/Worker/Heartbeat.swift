import Domain
import Logging
import Pipeline
import Store

/// Keeps a session alive by the database's clock, and brings what every worker must know each second: whether it still owns its
/// leases, how many share the rates, the newest policy, the rings.
struct Heartbeat: Sendable {
    let shared: SharedState
    let events: WorkerEventPolicy
    /// Beside the pipeline's: what is looked at often, and what a share of the rates is taken by.
    let database: Database
    /// A pool of its own: nothing that is slow beside it makes this worker look dead.
    let beats: Database
    let inFlight: InFlight
    let claim: Claim
    let identity: WorkerIdentity
    let interval: Duration
    let refreshInterval: Duration
    let logger: Logger
    let policyChanged: @Sendable (PolicySnapshot) -> Void
    let sessionsChanged: @Sendable (Int) -> Void
    let providerQueues: ProviderQueues
    /// Called when a lane may have messages that no probe has seen.
    let lanesChanged: @Sendable () -> Void
    /// Called when an admin's orders about providers have changed.
    let ordersChanged: @Sendable () -> Void

    func run() async {
        var timeline: Int64 = 0
        var pause = Pause(limit: .seconds(2))
        while !Task.isCancelled {
            do {
                try await beat(&timeline)
                pause.reset()
                await Pause.sleep(interval)
            } catch is CancellationError {
                return
            } catch {
                if pause.isFirst { logger.warning("no heartbeat", metadata: ["error": "\(error)"]) }
                await pause.wait()
            }
        }
    }

    private func beat(_ timeline: inout Int64) async throws {
        let asked = ContinuousClock.now
        let answer = try await beats.run(
            Beat(session: shared.session, inFlight: Int32(clamping: inFlight.count), isDraining: shared.isDraining),
            within: .seconds(5))
        shared.setClock(answer.now, sent: asked)
        // A lower timeline is an old primary that came back; none is a standby. Nothing is admitted on either.
        let isOld = (answer.timeline ?? 0) < timeline
        timeline = max(timeline, answer.timeline ?? 0)
        shared.update(liveSessions: answer.liveSessions, isReadOnly: answer.timeline == nil || isOld)
        sessionsChanged(answer.liveSessions)
        if !answer.isAlive { try await beginAnew() }
    }

    /// Reads the rings and looks for a newer policy, every `refreshInterval`.
    func refresh() async {
        var pause = Pause(limit: .seconds(5))
        var unreadable = Unreadable()
        var ringsRead: ContinuousClock.Instant?
        var written: WriteSessionPolicy?
        while !Task.isCancelled {
            do {
                // A ring that moves on shows in the next probe; what else changes there, an empty part, can wait.
                if !ringsRead.isWithin(.seconds(5)) {
                    try await readRings()
                    ringsRead = .now
                }
                let (paused, stamp) = try await withTaskExecutorPreference(database.executor) {
                    try await database.withConnection { try await $0.run(LoadPausedLanes(), PolicyStamp()) }
                }
                if shared.update(paused: paused) { lookAgain() }
                try await shareProviders()
                try await readPolicy(stamp, &unreadable)
                try await writePolicy(&written, problem: unreadable.problem)
                pause.reset()
                await Pause.sleep(refreshInterval)
            } catch is CancellationError {
                return
            } catch {
                if pause.isFirst { logger.warning("rings and policy cannot be read", metadata: ["error": "\(error)"]) }
                await pause.wait()
            }
        }
    }

    /// Fenced: another worker has what was ours. Our evidence is still recorded; new work is done under a new session.
    private func beginAnew() async throws {
        shared.fence()
        guard !shared.isDraining else { return }
        logger.warning("this session was fenced: its beat was too old", metadata: ["session": "\(shared.session)"])
        claim.resetScanPositions()
        shared.begin(session: try await database.run(identity.begin(shared.policy)))
    }

    func readRings() async throws {
        let (parts, probe, paused) = try await database.withConnection {
            try await $0.run(LoadRingParts(), QueueProbe(), LoadPausedLanes())
        }
        if shared.update(rings: RingParts(parts, probe: probe), paused: paused) { lookAgain() }
    }

    private func lookAgain() {
        claim.lookAgain()
        lanesChanged()
    }

    /// What admins order about providers, whose circuits others found open, and what this worker sees of them.
    func shareProviders() async throws {
        let session = shared.session
        let unusable = providerQueues.missing
        let seen =
            providerQueues.all.filter { unusable[$0.name] == nil }.map { $0.health() }.filter(\.isWorthTelling)
            + unusable.map { ProviderSeen(unusable: $0.key, $0.value) }
        let states = try await withTaskExecutorPreference(database.executor) {
            try await database.withConnection { connection in
                if !seen.isEmpty { try await connection.run(WriteProviderHealth(session: session, seen: seen)) }
                return try await connection.run(LoadProviderStates(session: session))
            }
        }
        for providerQueue in providerQueues.all { try await providerQueue.shareConnections(session: session, on: database) }
        for (name, why) in states.open { providerQueues.providerQueue(name)?.othersFound(why) }
        if providerQueues.obey(states.orders) {
            ordersChanged()
            for (name, order) in states.orders {
                logger.notice("order about a provider", metadata: ["provider": "\(name)", "order": "\(order)"])
            }
        }
    }

    /// A policy that cannot be read: logged once, and again each hour as long as it stays.
    private struct Unreadable {
        var what: String?
        /// For admins.
        var problem: String?
        var toldAt = ContinuousClock.now

        mutating func isWorthTelling(_ what: String) -> Bool {
            guard self.what != what || toldAt + .seconds(3600) < .now else { return false }
            (self.what, toldAt) = (what, .now)
            return true
        }
    }

    /// Shows admins by which policy this session works, when that has changed: a command that waits for it may go on.
    private func writePolicy(_ written: inout WriteSessionPolicy?, problem: String?) async throws {
        let policy = shared.policy
        let news = WriteSessionPolicy(
            session: shared.session, policy: policy.version, templates: policy.templateStamp, problem: problem)
        guard news != written else { return }
        _ = try await database.run(news)
        written = news
    }

    private func readPolicy(_ stamp: PolicyStamp.Answer, _ unreadable: inout Unreadable) async throws {
        let current = shared.policy
        guard stamp.version != current.version || stamp.templates != current.templateStamp else { return }
        do {
            guard let found = try await PolicyInForce.load(from: database) else { return }
            let loaded = found.snapshot
            events.update(found.events)
            shared.update(policy: loaded)
            policyChanged(loaded)
            (unreadable.what, unreadable.problem) = (nil, nil)
            logger.info("policy in force", metadata: ["version": "\(loaded.version)"])
            loaded.reportLinks(to: logger)
        } catch {
            if case StoreError.unavailable = error { throw error }
            if error is CancellationError { throw error }
            unreadable.problem = "\(error)"
            guard unreadable.isWorthTelling("\(stamp.version ?? 0) \(stamp.templates) \(error)") else { return }
            logger.error(
                "the newest policy cannot be used; the one before stays in force",
                metadata: ["version": "\(stamp.version ?? 0)", "error": "\(error)"])
        }
    }
}

/// Who this worker is, for `martlet workers` and the logs.
public struct WorkerIdentity: Sendable {
    public var name: String
    public var host: String
    public var pid: Int32
    public var version: String

    public init(name: String, host: String, pid: Int32, version: String) {
        self.name = name
        self.host = host
        self.pid = pid
        self.version = version
    }

    func begin(_ policy: PolicySnapshot) -> BeginSession {
        BeginSession(
            worker: name, host: host, pid: pid, version: version, policy: policy.version, templates: policy.templateStamp)
    }
}
