import Events
import Logging
import ServiceLifecycle
import Store
import Synchronization
import Telemetry
import Transports

/// Brings the events of many callbacks into one transaction: what comes while a commit is under way goes with the next. Whoever submits
/// waits until his are durable.
final class CallbackQueue: Service {
    enum Refusal: Error {
        /// More wait than may: come again.
        case full
        case closed
    }
    private struct Entry {
        var events: [ProviderEvent]
        var waiter: CheckedContinuation<Void, any Error>
    }
    private struct State {
        var waiting: [Entry] = []
        /// Index of the first of `waiting` that is not taken.
        var next = 0
        /// Events that wait or are being written.
        var count = 0
        var isClosed = false
        var sleepers: [CheckedContinuation<Void, Never>] = []
    }
    /// What `ProviderEvents` takes at once.
    static let batch = 500

    private let recorder: any ProviderEvents
    private let limit: Int
    private let writers: Int
    private let meters: Meters
    private let logger: Logger
    private let state = Mutex(State())

    /// - Parameters:
    ///   - limit: events that may wait or be under way.
    ///   - writers: transactions at once.
    init(recorder: any ProviderEvents, limit: Int, writers: Int, meters: Meters, logger: Logger) {
        self.recorder = recorder
        self.limit = limit
        self.writers = writers
        self.meters = meters
        self.logger = logger
    }

    /// Returns when `events` are in PostgreSQL.
    /// - Throws: `Refusal`, or what the database said: nothing was kept then, or nobody knows, and they may come again.
    func submit(_ events: [ProviderEvent]) async throws {
        try await withCheckedThrowingContinuation { waiter in
            let (refusal, sleeper) = state.withLock { state -> (Refusal?, CheckedContinuation<Void, Never>?) in
                if state.isClosed { return (.closed, nil) }
                if state.count > 0, state.count + events.count > limit { return (.full, nil) }
                state.count += events.count
                state.waiting.append(Entry(events: events, waiter: waiter))
                return (nil, state.sleepers.popLast())
            }
            if let refusal { waiter.resume(throwing: refusal) }
            sleeper?.resume()
        }
    }

    var waiting: Int { state.withLock { $0.count } }

    /// Writes until it is told to stop, and then what still waits.
    func run() async throws {
        await withTaskCancellationOrGracefulShutdownHandler {
            await withDiscardingTaskGroup { group in
                for _ in 0..<writers {
                    group.addTask {
                        while let entries = await self.take() { await self.keep(entries) }
                    }
                }
            }
        } onCancelOrGracefulShutdown: {
            self.close()
        }
    }

    private func close() {
        let sleepers = state.withLock { state in
            state.isClosed = true
            defer { state.sleepers = [] }
            return state.sleepers
        }
        for sleeper in sleepers { sleeper.resume() }
    }

    /// Waits for something to write; nil: nothing more will come.
    private func take() async -> [Entry]? {
        while true {
            let (entries, isClosed) = state.withLock { (Self.next(&$0), $0.isClosed) }
            if !entries.isEmpty { return entries }
            if isClosed { return nil }
            await withCheckedContinuation { sleeper in
                let isNeeded = state.withLock { state in
                    guard state.next == state.waiting.count, !state.isClosed else { return true }
                    state.sleepers.append(sleeper)
                    return false
                }
                if isNeeded { sleeper.resume() }
            }
        }
    }

    /// Whole callbacks, up to a batch of events; at least one.
    private static func next(_ state: inout State) -> [Entry] {
        var entries: [Entry] = []
        var count = 0
        while state.next < state.waiting.count {
            let entry = state.waiting[state.next]
            if !entries.isEmpty, count + entry.events.count > batch { break }
            count += entry.events.count
            entries.append(entry)
            state.next += 1
        }
        if state.next > 4096 || state.next == state.waiting.count {
            state.waiting.removeFirst(state.next)
            state.next = 0
        }
        return entries
    }

    private func keep(_ entries: [Entry]) async {
        let events = entries.flatMap(\.events)
        defer { state.withLock { $0.count -= events.count } }
        do {
            // More than a batch only when one callback is.
            for start in stride(from: 0, to: events.count, by: Self.batch) {
                try await recorder.record(Array(events[start..<min(start + Self.batch, events.count)]))
            }
            meters.count("martlet_callback_batches_total")
            for entry in entries { entry.waiter.resume() }
        } catch {
            logger.warning(
                "callbacks could not be kept; their providers were told to come again",
                metadata: ["callbacks": "\(entries.count)", "error": "\(error)"])
            for entry in entries { entry.waiter.resume(throwing: error) }
        }
    }
}
