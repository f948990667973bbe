import Callbacks
import Domain
import Foundation
import Logging
import ProviderEvents
import ServiceLifecycle
import Settings
import Store
import Synchronization
import Text

/// The newest policy, as far as callbacks and links depend on it; read again when it changes.
final class GatewayPolicy: Service, EventSurroundings {
    struct Snapshot: Sendable {
        var version: Int
        var events: EventPolicy
        var callbacks: [String: ProviderCallbacks]
        /// Providers that have left the policy.
        var retired: [RetiredProvider] = []
        /// Until when their callbacks are taken.
        var retiredUntil: [String: ContinuousClock.Instant] = [:]
        var links: UnsubscribeLinks
        var confirmLinks: ConfirmLinks
        /// nil: the policy tracks no links.
        var tracked: TrackedLinks?
    }
    struct TrackedLinks: Sendable {
        /// nil: its file could not be read.
        var secret: LinkSecret?
    }
    private struct State {
        var snapshot: Snapshot?
        var linksRead = ContinuousClock.now
        /// Why the database cannot be asked; nil: it was, a moment ago.
        var problem: String? = "not asked yet"
        var isDraining = false
    }
    /// Files with secrets of links may change, too.
    static let linksKept = Duration.seconds(30)

    /// No callback is taken before there is a policy.
    private static let nothing = EventPolicy(
        Policy(
            classes: [:], caps: [], senders: [:], defaultSender: "", providers: [:], routes: [], prices: [], wordLists: []))

    private let database: Database
    private let poll: Duration
    private let logger: Logger
    private let state = Mutex(State())

    init(database: Database, poll: Duration, logger: Logger) {
        self.database = database
        self.poll = poll
        self.logger = logger
    }

    /// Who reads the callbacks of a provider. nil: the policy has none of that name, and had none lately.
    func callbacks(of provider: String) -> ProviderCallbacks? {
        guard let snapshot, let reader = snapshot.callbacks[provider] else { return nil }
        if let end = snapshot.retiredUntil[provider], end <= .now { return nil }
        return reader
    }

    /// nil: none was ever read.
    var snapshot: Snapshot? { state.withLock { $0.snapshot } }

    var eventPolicy: EventPolicy { snapshot?.events ?? Self.nothing }
    /// Our own clock: only a gauge depends on it.
    func databaseNow() -> Timestamp { Timestamp(microseconds: Int64(Date.now.timeIntervalSince1970 * 1_000_000)) }

    /// An id begins with the milliseconds since 2025-01-01 at which it was given: most that somebody made up are from the future, and are not
    /// asked for. A clock may be an hour behind.
    func mayExist(_ id: MessageID) -> Bool { id.rawValue > 0 && id.givenAt < databaseNow() + .seconds(3600) }

    /// Why callbacks had better go to another gateway; empty: they are welcome.
    var reasonsNotReady: [String] {
        state.withLock { state in
            var reasons: [String] = []
            if state.isDraining { reasons.append("draining") }
            if let problem = state.problem { reasons.append("the database: \(problem)") }
            if state.snapshot == nil { reasons.append("no policy yet") }
            return reasons
        }
    }

    func drain() { state.withLock { $0.isDraining = true } }

    /// - Throws: `GatewayError`.
    func run() async throws {
        try await cancelWhenGracefulShutdown { try await self.follow() }
    }

    /// Before anything listens: what cannot heal ends the program at once. A database that gives no answer within two seconds is no reason to wait: callers
    /// are answered 503 meanwhile, and `run` looks again.
    /// - Throws: `GatewayError`.
    func lookFirst() async throws {
        try await withThrowingTaskGroup(of: Void.self) { group in
            group.addTask { [self] in
                do { try await check() } catch let error as StoreError {
                    if error.isRefusedConnection || error.isForbidden { throw GatewayError.misfit("\(error)") }
                }
            }
            group.addTask { try await Task.sleep(for: .seconds(2)) }
            try await group.next()
            group.cancelAll()
        }
    }

    private func follow() async throws {
        var isChecked = false
        while !Task.isCancelled {
            do {
                if !isChecked { try await check() }
                isChecked = true
                try await refresh()
                note(nil)
            } catch is CancellationError {
                return  // in the middle of a question: told to stop
            } catch let error as StoreError where !isChecked && (error.isRefusedConnection || error.isForbidden) {
                throw GatewayError.misfit("\(error)")
            } catch let error as StoreError {
                note("\(error)")
            } catch is CancellationError {
                return  // told to end while it was asking
            }
            do { try await Task.sleep(for: poll) } catch {
                return  // cancelled
            }
        }
    }

    /// That this program can work with the database it was given.
    private func check() async throws {
        if let misfit = try await Migrator(database).status().misfit { throw GatewayError.misfit(misfit) }
        if let grant = try await database.missingGrant(of: "martlet_gateway") { throw GatewayError.misfit(grant) }
    }

    private func note(_ problem: String?) {
        let before = state.withLock { state in
            defer { state.problem = problem }
            return state.problem
        }
        if let problem, before == nil || before == "not asked yet" {
            logger.warning("the database cannot be reached", metadata: ["error": "\(problem)"])
        } else if problem == nil, before != nil {
            logger.info("working", metadata: ["policy": "\(snapshot?.version ?? 0)"])
        }
    }

    private func refresh() async throws {
        let version = try await database.run(PolicyStamp(), within: .seconds(5)).version
        let (known, linksRead) = state.withLock { ($0.snapshot?.version, $0.linksRead) }
        guard version != known || .now - linksRead > Self.linksKept else { return }
        guard let stored = try await database.run(LoadPolicy(), within: .seconds(5)) else { return }
        do {
            let files = try JSONValue.texts(stored.files)
            let policy = try PolicyFiles.parse(files)
            let isNew = version != known
            let retired = isNew ? try await retired(before: policy) : snapshot?.retired ?? []
            let new = snapshot(of: policy, retired, version: stored.version, isNew: isNew)
            state.withLock { $0.snapshot = new }
        } catch let error as StoreError {
            throw error
        } catch {
            logger.error(
                "the policy cannot be read; the one before goes on",
                metadata: ["policy": "\(stored.version)", "error": "\(error)"])
        }
        state.withLock { $0.linksRead = .now }
    }

    /// Those whose receipts, or whose readers' clicks, may still come.
    private func retired(before policy: Policy) async throws -> [RetiredProvider] {
        let older = try await database.run(LoadReplacedPolicies(since: RetiredProvider.longest), within: .seconds(5))
        return RetiredProvider.all(
            before: policy,
            older.compactMap { old in
                do {
                    let files = try JSONValue.texts(old.files)
                    return (try PolicyFiles.parse(files).providers, old.age)
                } catch {
                    logger.debug("an older policy cannot be read", metadata: ["policy": "\(old.version)", "error": "\(error)"])
                    return nil
                }
            })
    }

    private func snapshot(of policy: Policy, _ retired: [RetiredProvider], version: Int, isNew: Bool) -> Snapshot {
        var callbacks: [String: ProviderCallbacks] = isNew ? [:] : snapshot?.callbacks ?? [:]
        let links = UnsubscribeLinks(policy.remembering(retired))
        let confirmLinks = ConfirmLinks(policy)
        if isNew {
            for provider in policy.providers.values {
                do {
                    guard let reader = try ProviderCallbacks(provider) else { continue }
                    callbacks[provider.name] = reader
                    if let problem = reader.problem { logger.warning("callbacks will be refused: \(problem)") }
                } catch {
                    logger.error("callbacks of a provider cannot be read: \(error)")
                }
            }
            for problem in links.problems + [confirmLinks.problem].compactMap(\.self) {
                logger.warning("links will not be verified: \(problem)")
            }
        }
        var until = isNew ? [:] : snapshot?.retiredUntil ?? [:]
        for provider in retired where isNew && provider.age < provider.receiptsEnd {
            guard let reader = reader(of: provider) else { continue }
            callbacks[provider.policy.name] = reader
            until[provider.policy.name] = .now + (provider.receiptsEnd - provider.age)
        }
        return Snapshot(
            version: version, events: EventPolicy(policy.remembering(retired)), callbacks: callbacks, retired: retired,
            retiredUntil: until, links: links, confirmLinks: confirmLinks, tracked: tracked(policy, isNew: isNew))
    }

    /// The one that this gateway had, which still knows its secrets should their file be gone; else a new one.
    private func reader(of provider: RetiredProvider) -> ProviderCallbacks? {
        do {
            guard let reader = try snapshot?.callbacks[provider.policy.name] ?? ProviderCallbacks(provider.policy) else {
                return nil
            }
            reader.retire()
            return reader
        } catch {
            logger.error("callbacks of a provider that has left the policy cannot be read: \(error)")
            return nil
        }
    }

    private func tracked(_ policy: Policy, isNew: Bool) -> TrackedLinks? {
        guard let places = policy.links else { return nil }
        do {
            return TrackedLinks(secret: try LinkSecret(path: places.secretFile))
        } catch {
            if isNew { logger.warning("tracked links cannot be followed: secret_file \(places.secretFile): \(error)") }
            return TrackedLinks()
        }
    }
}

/// Why a gateway does not start.
public enum GatewayError: Error, CustomStringConvertible {
    /// The schema is not the one that this binary is made for, or the role may not work with it.
    case misfit(String)
    case portTaken(String)

    public var description: String {
        switch self {
        case .misfit(let text): text
        case .portTaken(let place):
            "\(place) is taken by another program, perhaps another gateway of this host: stop it, or give this one another address with --listen"
        }
    }
}
