import Store

/// Where the scans of a worker begin: by part the position up to which it has claimed, and what must be looked at again behind it.
///
/// A value: what commits late is found by arithmetic alone, tested without a database.
struct ScanPositions: Sendable {
    /// A look behind the scan position: positions from `from` and below `below`.
    struct Look: Sendable, Equatable {
        let part: Int16
        var from: Int64
        let below: Int64
        /// Read before the look: what was over then is in its snapshot.
        fileprivate let seen: OpenTransactions.Seen
    }
    private struct Searched {
        var seen: OpenTransactions.Seen
        var scanPosition: Int64
    }

    private(set) var transactions = OpenTransactions()
    private var own = OwnPositions()
    private var positions: [Int16: Int64] = [:]
    /// Below this the claims under way take everything there is to see; only of parts whose claims come full.
    private var taken: [Int16: Int64] = [:]
    /// The last look behind the scan position that found nothing (any more).
    private var searched: [Int16: Searched] = [:]
    /// Looks that have found something and are not at their end.
    private var looking: [Int16: Look] = [:]

    /// True: something may have come since the probe before, beyond what this worker has taken itself.
    mutating func update(_ probe: QueueProbe.Answer) -> Bool {
        guard let from = transactions.update(probe) else {
            // A number that is missing was used otherwise: it will not be waited for.
            if own.upTo < probe.sequence { own.begin(after: probe.sequence) }
            return false
        }
        return !own.covers(from, probe.sequence)
    }

    /// A claim, wherever it looked, took so many messages, the first and the last at these positions.
    mutating func took(_ count: Int, from first: Int64, to last: Int64) {
        if last - first + 1 == Int64(count) { own.took(first...last) }
    }

    /// What has been claimed of a part, but for what commits late; 0: nothing.
    func scanPosition(_ part: Int16) -> Int64 { positions[part] ?? 0 }

    /// A claim of up to `limit` messages begins; answers where. While claims come full that is where those under way end, so that this one
    /// does not walk over what they have locked: positions are unique, hence a claim takes whatever it sees of the `limit` positions
    /// from its beginning on.
    mutating func begin(_ part: Int16, limit: Int) -> Int64 {
        let from = max(scanPosition(part), taken[part] ?? 0)
        if taken[part] != nil { taken[part] = from + Int64(limit) }
        return from
    }

    /// A claim took messages up to this position, as many as it wanted (`isFull`) or all it saw; nil: none.
    mutating func ended(_ part: Int16, _ last: Int64?, isFull: Bool) {
        if let last { positions[part] = max(scanPosition(part), last + 1) }
        // A message that is enqueued between now and the next claim may have any position behind the scan position.
        taken[part] = isFull ? max(taken[part] ?? 0, scanPosition(part)) : nil
    }

    /// What must be looked at behind a part's scan position; nil: nothing can have come there since the last look.
    mutating func look(_ part: Int16) -> Look? {
        if let look = looking[part] { return look }
        guard let seen = transactions.seen, let scanPosition = positions[part] else { return nil }
        guard let last = searched[part] else { return Look(part: part, from: 0, below: scanPosition, seen: seen) }
        // What the scan position has passed since: a claim that passed it may have looked before it was committed.
        let from = min(last.scanPosition, seen.ended(since: last.seen) ?? last.scanPosition)
        guard from < scanPosition, !own.covers(from, scanPosition - 1) else {
            searched[part] = Searched(seen: seen, scanPosition: scanPosition)
            return nil
        }
        return Look(part: part, from: from, below: scanPosition, seen: seen)
    }

    /// A look found messages, the last at this position; the next one goes on behind it.
    mutating func found(_ look: Look, _ last: Int64) {
        var rest = look
        rest.from = last + 1
        looking[look.part] = rest
    }

    /// A look found nothing.
    mutating func finished(_ look: Look) {
        looking[look.part] = nil
        searched[look.part] = Searched(seen: look.seen, scanPosition: look.below)
    }

    /// After an error nothing is known about what our claims took: every scan starts anew.
    mutating func reset() { self = ScanPositions(transactions: transactions) }

    init(transactions: OpenTransactions = OpenTransactions()) { self.transactions = transactions }
}
