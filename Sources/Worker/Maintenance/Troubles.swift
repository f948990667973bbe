import Domain
import Logging
import Store
import Synchronization
import Telemetry

/// What failed lately in the rounds of maintenance, by itself: a session, a part, a day. The others of the round go on, this one is left alone
/// for a second, doubling to five minutes, and the log says which it is.
final class Troubles: Sendable {
    private struct Trouble {
        var times = 0
        var until: ContinuousClock.Instant
    }
    private static let longest = Duration.seconds(300)
    private let troubles = Mutex<[String: Trouble]>([:])
    private let logger: Logger
    private let meters: Meters

    init(logger: Logger = Logger(label: "maintenance"), meters: Meters = Meters()) {
        self.logger = logger
        self.meters = meters
    }

    /// Does `body` for each of `items` whose turn it is; one that fails stops no other.
    /// - Parameter items: each with its name, for the log.
    /// - Throws: what is no item's fault: the database is away, or the worker stops.
    func each<Item: Sendable>(
        _ duty: String, _ items: [(name: String, item: Item)], _ body: (Item) async throws -> Void
    ) async throws {
        for (name, item) in items {
            let key = "\(duty) \(name)"
            guard isDue(key) else { continue }
            do {
                try await body(item)
                succeeded(key)
            } catch {
                if Task.isCancelled { throw error }
                if case StoreError.unavailable = error { throw error }
                failed(key, duty, name, error)
            }
        }
    }

    /// One that failed within a larger round, which goes on.
    func log(_ duty: String, _ name: String, _ error: any Error) { failed("\(duty) \(name)", duty, name, error) }

    func isDue(_ key: String, now: ContinuousClock.Instant = .now) -> Bool {
        troubles.withLock { $0[key].map { $0.until <= now } ?? true }
    }

    private func succeeded(_ key: String) {
        let before = troubles.withLock { $0.removeValue(forKey: key) }
        if before != nil { logger.notice("what failed in maintenance works again", metadata: ["what": "\(key)"]) }
    }

    private func failed(_ key: String, _ duty: String, _ name: String, _ error: any Error) {
        let times = troubles.withLock { troubles -> Int in
            // Few fail at a time; what is gone for good must not stay in memory.
            if troubles.count > 10_000 { troubles = [:] }
            var trouble = troubles[key] ?? Trouble(until: .now)
            trouble.times += 1
            trouble.until = .now + min(.seconds(1) * (1 << min(trouble.times - 1, 9)), Self.longest)
            troubles[key] = trouble
            return trouble.times
        }
        meters.count("martlet_maintenance_failures_total", [("duty", duty)])
        if times == 1 || times % 12 == 0 {
            logger.error(
                "maintenance fails for one, and goes on with the others",
                metadata: ["duty": "\(duty)", "which": "\(name)", "error": "\(error)", "times": "\(times)"])
        }
    }
}
