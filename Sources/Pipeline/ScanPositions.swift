import Store

/// Where the scans of a worker begin: by segment the position up to which it has claimed, and what must be looked at again behind it.
///
/// A value: what commits late is found by arithmetic alone, tested without a database.
struct ScanPositions: Sendable {
    /// A look behind the hint: positions from `from` and below `below`.
    struct Look: Sendable, Equatable {
        let slot: Int16
        var from: Int64
        let below: Int64
        /// Read before the look: what was over then is in its snapshot.
        fileprivate let seen: OpenTransactions.Seen
    }
    private struct Searched {
        var seen: OpenTransactions.Seen
        var hint: Int64
    }

    private(set) var transactions = OpenTransactions()
    private var own = OwnPositions()
    private var positions: [Int16: Int64] = [:]
    /// Below this the claims under way take everything there is to see; only of segments whose claims come full.
    private var taken: [Int16: Int64] = [:]
    /// The last look behind the hint that found nothing (any more).
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

    /// What has been claimed of a segment, but for what commits late; 0: nothing.
    func hint(_ slot: Int16) -> Int64 { positions[slot] ?? 0 }

    /// A claim of up to `limit` messages begins; answers where. While claims come full that is where those under way end, so that this one
    /// does not walk over what they have locked: positions are unique, hence a claim takes whatever it sees of the `limit` positions
    /// from its beginning on.
    mutating func begin(_ slot: Int16, limit: Int) -> Int64 {
        let from = max(hint(slot), taken[slot] ?? 0)
        if taken[slot] != nil { taken[slot] = from + Int64(limit) }
        return from
    }

    /// A claim took messages up to this position, as many as it wanted (`isFull`) or all it saw; nil: none.
    mutating func ended(_ slot: Int16, _ last: Int64?, isFull: Bool) {
        if let last { positions[slot] = max(hint(slot), last + 1) }
        // What comes between now and the next claim may have any position behind the hint.
        taken[slot] = isFull ? max(taken[slot] ?? 0, hint(slot)) : nil
    }

    /// What must be looked at behind a segment's hint; nil: nothing can have come there since the last look.
    mutating func look(_ slot: Int16) -> Look? {
        if let look = looking[slot] { return look }
        guard let seen = transactions.seen, let hint = positions[slot] else { return nil }
        guard let last = searched[slot] else { return Look(slot: slot, from: 0, below: hint, seen: seen) }
        // What the hint has passed since: a claim that passed it may have looked before it was committed.
        let from = min(last.hint, seen.ended(since: last.seen) ?? last.hint)
        guard from < hint, !own.covers(from, hint - 1) else {
            searched[slot] = Searched(seen: seen, hint: hint)
            return nil
        }
        return Look(slot: slot, from: from, below: hint, seen: seen)
    }

    /// A look found messages, the last at this position; the next one goes on behind it.
    mutating func found(_ look: Look, _ last: Int64) {
        var rest = look
        rest.from = last + 1
        looking[look.slot] = rest
    }

    /// A look found nothing.
    mutating func finished(_ look: Look) {
        looking[look.slot] = nil
        searched[look.slot] = Searched(seen: look.seen, hint: look.below)
    }

    /// After an error nothing is known about what our claims took: every scan starts anew.
    mutating func reset() { self = ScanPositions(transactions: transactions) }

    init(transactions: OpenTransactions = OpenTransactions()) { self.transactions = transactions }
}
