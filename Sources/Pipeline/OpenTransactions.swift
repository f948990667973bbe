import Store

/// Which positions of a lane may still be filled below a scan position, from what the probes say about transactions.
///
/// A transaction that enqueues takes its number first and its positions after. So one that had no number yet when a probe read the
/// sequence has only positions above what the probe read. A transaction that stays open, however long, makes nothing that was
/// looked at worth another look; only its end does, and then from the position it may have begun at.
struct OpenTransactions: Sendable {
    /// What one probe says.
    struct Seen: Sendable, Equatable {
        /// Open transactions, each with a position that none of its own lies below.
        var open: [Int64: Int64] = [:]
        /// Every transaction below this number is over, or in `open`.
        var limit: Int64 = 0
        /// No position of a transaction from `limit` on lies below this one.
        var unlisted: Int64 = 0
        /// Last position given out when the probe was read.
        var sequence: Int64 = 0
        /// No transaction had this number yet when the probe had read the sequence.
        var next: Int64 = 0

        /// At most so many transactions are named to the waiter.
        private static let most = 500

        /// The transactions whose end may bring a position.
        var filling: [Int64] {
            var numbers = open.filter { $0.value <= sequence }.map(\.key)
            if unlisted <= sequence, limit < next { numbers += limit..<min(next, limit + Int64(Self.most)) }
            return Array(numbers.prefix(Self.most))
        }

        /// The position from which on transactions have ended between an earlier probe and this one; nil: none has.
        func ended(since before: Seen) -> Int64? {
            var lowest = limit > before.limit ? before.unlisted : nil
            for (transaction, position) in before.open where open[transaction] == nil {
                lowest = min(lowest ?? position, position)
            }
            return lowest
        }
    }

    private(set) var seen: Seen?
    /// Of earlier probes, oldest first: of those that every transaction from `limit` on came after, only the last.
    private var history: [(next: Int64, sequence: Int64)] = []

    /// The lowest position that may have been filled since the probe before: one was given out, or a transaction has ended that may have filled one.
    /// nil: a look would find nothing that one after the probe before has not found.
    @discardableResult
    mutating func update(_ probe: QueueProbe.Answer) -> Int64? {
        func position(of transaction: Int64) -> Int64 { (history.last { $0.next <= transaction }?.sequence).map { $0 + 1 } ?? 0 }
        let before = seen
        var now = Seen(
            limit: probe.limit, unlisted: position(of: probe.limit), sequence: probe.sequence, next: probe.nextTransaction)
        for transaction in probe.open { now.open[transaction] = before?.open[transaction] ?? position(of: transaction) }
        seen = now
        history.append((probe.nextTransaction, probe.sequence))
        if let last = history.lastIndex(where: { $0.next <= probe.limit }), last > 0 { history.removeFirst(last) }
        guard let before else { return 0 }
        let ended = now.ended(since: before)
        guard before.sequence == probe.sequence else { return min(ended ?? .max, before.sequence + 1, probe.sequence) }
        return ended.flatMap { $0 <= probe.sequence ? $0 : nil }
    }
}
