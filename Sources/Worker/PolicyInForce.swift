import Domain
import Pipeline
import ProviderEvents
import Settings
import Store
import Synchronization
import Text

/// The newest policy as a worker works by it: for the stages, and for what providers report.
package struct PolicyInForce: Sendable {
    package var snapshot: PolicySnapshot
    package var events: EventPolicy

    /// Reads the newest policy and its templates; nil when no policy was ever applied.
    package static func load(from database: Database) async throws -> PolicyInForce? {
        guard let stored = try await database.run(LoadPolicy()) else { return nil }
        let files: [String: String]
        do {
            files = try JSONValue.texts(stored.files)
        } catch {
            throw StoreError.internalError("policy \(stored.version) in the database: \(error)")
        }
        var policy = try PolicyFiles.parse(files)
        let stamp = try await database.run(PolicyStamp()).templates
        let templates = try await database.run(LoadTemplates())
        let numbers = try await database.run(LoadNumbers())
        let goneClasses = numbers.classes.values.filter { policy.classes[$0] == nil }.sorted()
        if !goneClasses.isEmpty { policy.keep(try await database.run(LoadRetiredClasses(names: goneClasses))) }
        let events = EventPolicy(policy.remembering(try await Self.retired(before: policy, from: database)))
        let snapshot = try PolicySnapshot(
            version: stored.version, policy: policy, templates: templates, templateStamp: stamp, numbers: numbers,
            receiptIDs: events.receiptIDs)
        return PolicyInForce(snapshot: snapshot, events: events)
    }

    /// Providers whose messages may still be under way. A policy of old that this program cannot read says nothing about them.
    private static func retired(before policy: Policy, from database: Database) async throws -> [RetiredProvider] {
        let older = try await database.run(LoadReplacedPolicies(since: RetiredProvider.longest))
        return RetiredProvider.all(
            before: policy,
            older.compactMap { old in
                do {
                    return (try PolicyFiles.parse(JSONValue.texts(old.files)).providers, old.age)
                } catch {
                    return nil  // as said above
                }
            })
    }
}

/// What the recorder of events asks its worker.
package final class WorkerEventPolicy: EventSurroundings {
    private let shared: SharedState
    private let current: Mutex<EventPolicy>

    package init(_ policy: EventPolicy, shared: SharedState) {
        self.shared = shared
        current = Mutex(policy)
    }

    package var eventPolicy: EventPolicy { current.withLock { $0 } }
    package func databaseNow() -> Timestamp { shared.databaseNow() }
    func update(_ policy: EventPolicy) { current.withLock { $0 = policy } }
}
