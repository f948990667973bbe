/// The positions that this worker has taken itself, of all lanes, as long as no number between them is missing.
///
/// Where it took every position there is nothing left to find, whatever transactions end. So a message that a worker takes off an idle queue is no
/// reason to look again because the worker's own transactions have ended.
struct OwnPositions: Sendable {
    /// Every position above `after` and up to `upTo` was taken by this worker.
    private var after: Int64 = 0
    private(set) var upTo: Int64 = 0
    /// Taken beyond a gap: claims of several lanes end in any order.
    private var beyond: [ClosedRange<Int64>] = []
    private static let most = 64

    /// Nothing is known of this position and those below it.
    mutating func begin(after position: Int64) {
        self = OwnPositions()
        (after, upTo) = (position, position)
    }

    /// Every position of the range was taken.
    mutating func took(_ range: ClosedRange<Int64>) {
        guard range.upperBound > upTo else { return }
        beyond.append(range)
        while let next = beyond.firstIndex(where: { $0.lowerBound <= upTo + 1 }) {
            upTo = max(upTo, beyond.remove(at: next).upperBound)
        }
        if beyond.count > Self.most { begin(after: beyond.reduce(upTo) { max($0, $1.upperBound) }) }
    }

    /// All positions from the first to the last were taken.
    func covers(_ first: Int64, _ last: Int64) -> Bool { first > after && last <= upTo }
}
