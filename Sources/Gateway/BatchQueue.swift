import Logging
import ServiceLifecycle
import Store
import Synchronization
import Telemetry

/// What a queue did not take.
enum QueueRefusal: Error {
    /// More wait than may: come again.
    case full
    case closed
}

/// Brings the events of many requests into one transaction: events that arrive while a commit is under way go with the next. A caller of `submit`
/// waits until its events are durable; a caller of `offer` goes on at once, and the queue tries until they are.
final class BatchQueue<Event: Sendable>: Service {
    private struct Entry {
        var events: [Event]
        /// nil: no request waits for it.
        var waiter: CheckedContinuation<Void, any Error>?
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
    /// What may be written at once.
    private static var batch: Int { 500 }

    private let name: String
    private let limit: Int
    private let writers: Int
    private let meters: Meters
    private let logger: Logger
    private let write: @Sendable ([Event]) async throws -> Void
    private let state = Mutex(State())

    /// - Parameters:
    ///   - name: of the metric `martlet_NAME_batches_total`.
    ///   - limit: events that may wait or be under way.
    ///   - writers: transactions at once.
    ///   - write: returns when at most 500 events are durable.
    init(
        _ name: String, limit: Int, writers: Int, meters: Meters, logger: Logger,
        write: @escaping @Sendable ([Event]) async throws -> Void
    ) {
        self.name = name
        self.limit = limit
        self.writers = writers
        self.meters = meters
        self.logger = logger
        self.write = write
    }

    /// Returns when `events` are in PostgreSQL.
    /// - Throws: `QueueRefusal`, or what the database said: nothing was kept then, or it is not known, and they may come again.
    func submit(_ events: [Event]) async throws {
        try await withCheckedThrowingContinuation { waiter in
            if let refusal = add(Entry(events: events, waiter: waiter)) { waiter.resume(throwing: refusal) }
        }
    }

    /// Leaves events for later, without waiting. False: too many wait, or the gateway ends; they are lost.
    func offer(_ event: Event) -> Bool { add(Entry(events: [event], waiter: nil)) == nil }

    private func add(_ entry: Entry) -> QueueRefusal? {
        let (refusal, sleeper) = state.withLock { state -> (QueueRefusal?, CheckedContinuation<Void, Never>?) in
            if state.isClosed { return (.closed, nil) }
            if state.count > 0, state.count + entry.events.count > limit { return (.full, nil) }
            state.count += entry.events.count
            state.waiting.append(entry)
            return (nil, state.sleepers.popLast())
        }
        sleeper?.resume()
        return refusal
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

    /// Whole requests, up to a batch of events; at least one.
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
        var left = 0
        defer { state.withLock { $0.count -= events.count - left } }
        do {
            // More than a batch only when one request is.
            for start in stride(from: 0, to: events.count, by: Self.batch) {
                try await write(Array(events[start..<min(start + Self.batch, events.count)]))
            }
            meters.count("martlet_\(name)_batches_total")
            for entry in entries { entry.waiter?.resume() }
        } catch {
            let waited = entries.filter { $0.waiter != nil }
            if !waited.isEmpty {
                logger.warning(
                    "\(name)s could not be kept; who sent them was told to come again",
                    metadata: ["\(name)s": "\(waited.count)", "error": "\(error)"])
            }
            for entry in waited { entry.waiter?.resume(throwing: error) }
            left = putBack(entries.filter { $0.waiter == nil }, error)
            if left > 0 { await pause() }
        }
    }

    /// Events that no request waits for are tried again, before those that came after them. Answers how many events that are.
    private func putBack(_ entries: [Entry], _ error: any Error) -> Int {
        guard !entries.isEmpty else { return 0 }
        let count = entries.reduce(0) { $0 + $1.events.count }
        let isHopeless = (error as? StoreError)?.isDataError == true
        let isBack = state.withLock { state in
            guard !state.isClosed, !isHopeless else { return false }
            state.waiting.insert(contentsOf: entries, at: state.next)
            return true
        }
        if !isBack {
            logger.error("\(name)s are lost", metadata: ["\(name)s": "\(count)", "error": "\(error)"])
            meters.count("martlet_\(name)s_lost_total", by: count)
        }
        return isBack ? count : 0
    }

    /// Until the database may be there again; ends early when the gateway does.
    private func pause() async {
        for _ in 0..<10 where !state.withLock({ $0.isClosed }) {
            do { try await Task.sleep(for: .milliseconds(100)) } catch {
                return  // cancelled: the loop looks at that itself
            }
        }
    }
}
