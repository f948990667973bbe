import Domain

/// Instants at which single segments may leave to a provider: what this worker holds of the line that the whole cluster shares.
///
/// The line has one segment each 1/rate seconds, given out in stretches (`TakeRate`). A segment that does not leave within `tolerance` of
/// its instant never does: so however the line is shared out, any stretch of time holds at most as many segments as the line has there
/// and `tolerance` before. The line runs at `ofContract` of the contract's rate; 2 s and the tolerance of it are 1.97 s of the
/// contract; the rest is for what scheduling and the network add. A message of n segments leaves with the first of n: a window may hold n − 1 more than the line.
struct RateTokens: Sendable {
    /// Of the contract's rate.
    static let ofContract = 0.97
    static let tolerance = Duration.milliseconds(30)

    private struct Stretch {
        var first: ContinuousClock.Instant
        let spacing: Duration
        var count: Int

        var last: ContinuousClock.Instant { first + spacing * (count - 1) }
        mutating func drop(_ number: Int) {
            first += spacing * number
            count -= number
        }
    }
    private var stretches: [Stretch] = []
    private(set) var count = 0

    /// When the next segment may leave; nil: none is held.
    var next: ContinuousClock.Instant? { stretches.first?.first }
    /// When the last may.
    var last: ContinuousClock.Instant? { stretches.last?.last }

    /// - Parameters:
    ///   - first: when the first of them may leave.
    ///   - rate: segments a second.
    mutating func add(_ number: Int, from first: ContinuousClock.Instant, rate: Double) {
        guard number > 0 else { return }
        stretches.append(Stretch(first: first, spacing: .seconds(1 / rate), count: number))
        count += number
    }

    /// Forgets what was not used in time.
    mutating func dropLate(_ now: ContinuousClock.Instant) {
        while let stretch = stretches.first, stretch.first + Self.tolerance < now {
            let late = Int(((now - Self.tolerance - stretch.first) / stretch.spacing).rounded(.up))
            remove(min(late, stretch.count))
        }
    }

    /// Takes as many for one message if it may leave now.
    mutating func take(_ number: Int, now: ContinuousClock.Instant) -> Bool {
        guard let next, next <= now, count >= number else { return false }
        var left = number
        while left > 0, let stretch = stretches.first {
            let taken = min(left, stretch.count)
            remove(taken)
            left -= taken
        }
        return true
    }

    /// From the first stretch.
    private mutating func remove(_ number: Int) {
        stretches[0].drop(number)
        count -= number
        if stretches[0].count == 0 { stretches.removeFirst() }
    }
}
