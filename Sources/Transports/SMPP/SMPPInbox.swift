import Callbacks
import Logging
import NIOCore

/// Events on their way to where they are durable. Deliveries are answered after that and not before: `ok`, or
/// ESME_RX_T_APPN, with which the carrier keeps them.
final class SMPPInbox: @unchecked Sendable {
    // @unchecked: only touched on `eventLoop`.
    private struct Item: Sendable {
        var event: ProviderEvent
        var origin: (connection: SMPPConnection, delivery: SMPPDelivery)?
        var tries = 0
    }
    /// Events in one call of `record` at most.
    static let batch = 500

    private let events: any ProviderEventSink
    private let eventLoop: any EventLoop
    private let logger: Logger
    private var waiting = CircularBuffer<Item>()
    private var isWriting = false
    private var isFailing = false
    /// Called after answers were given.
    var written: () -> Void = {}

    init(_ events: any ProviderEventSink, eventLoop: any EventLoop, logger: Logger) {
        self.events = events
        self.eventLoop = eventLoop
        self.logger = logger
    }

    var isIdle: Bool { waiting.isEmpty && !isWriting }

    func add(_ event: ProviderEvent, from origin: (connection: SMPPConnection, delivery: SMPPDelivery)?) {
        enqueue(Item(event: event, origin: origin))
    }

    private func enqueue(_ item: Item) {
        waiting.append(item)
        guard !isWriting else { return }
        isWriting = true
        // Unstructured: the event loop cannot wait. One at a time, for as long as events come; a drain waits for its end.
        Task { await self.write() }
    }

    private func write() async {
        while let batch = await take() {
            do {
                try await events.record(batch.map(\.event))
                eventLoop.execute { self.answer(batch, .ok) }
            } catch {
                eventLoop.execute {
                    if !self.isFailing {
                        self.logger.warning(
                            "receipts and texts cannot be kept; the carrier keeps them",
                            metadata: ["events": "\(batch.count)", "error": "\(error)"])
                    }
                    self.answer(batch, .temporaryReceiverError)
                }
            }
        }
    }

    /// Everything that gathered while the last batch was written; nil ends the writer.
    private func take() async -> [Item]? {
        await withCheckedContinuation { continuation in
            eventLoop.execute {
                let batch = Array(self.waiting.prefix(Self.batch))
                self.waiting.removeFirst(batch.count)
                if batch.isEmpty {
                    self.isWriting = false
                    self.written()
                }
                continuation.resume(returning: batch.isEmpty ? nil : batch)
            }
        }
    }

    private func answer(_ batch: [Item], _ status: SMPPStatus) {
        isFailing = status != .ok
        let now = ContinuousClock.now
        for item in batch {
            if let origin = item.origin {
                origin.connection.acknowledge(origin.delivery, status, now: now)
            } else if status != .ok {
                repeatLater(item)
            }
        }
        written()
    }

    /// What no carrier repeats is tried again here, for half a minute.
    private func repeatLater(_ item: Item) {
        var item = item
        item.tries += 1
        guard item.tries < 5 else {
            return logger.error("evidence about a hand-over is lost", metadata: ["event": "\(item.event)"])
        }
        eventLoop.scheduleTask(in: .seconds(Int64(1 << item.tries))) { [item] in self.enqueue(item) }
    }
}
