import Metrics
import Synchronization

/// Text lines of one series, in the Prometheus text format.
protocol Series: AnyObject, Sendable {
    func write(name: String, labels: String, to text: inout String)
}

/// Whole numbers that only go up.
final class CounterSeries: CounterHandler, FloatingPointCounterHandler, Series {
    private let whole = Atomic<Int64>(0)
    private let fraction = Mutex(0.0)

    func increment(by amount: Int64) {
        guard amount > 0 else { return }
        let (_, new) = whole.wrappingAdd(amount, ordering: .relaxed)
        // Saturates rather than becoming negative.
        if new < 0 { whole.store(.max, ordering: .relaxed) }
    }

    func increment(by amount: Double) {
        guard amount > 0, amount.isFinite else { return }
        fraction.withLock { $0 += amount }
    }

    func reset() {
        whole.store(0, ordering: .relaxed)
        fraction.withLock { $0 = 0 }
    }

    func write(name: String, labels: String, to text: inout String) {
        let whole = whole.load(ordering: .relaxed)
        let rest = fraction.withLock { $0 }
        text += "\(name)\(braces(labels)) \(rest == 0 ? String(whole) : number(Double(whole) + rest))\n"
    }
}

/// The last value set.
final class GaugeSeries: MeterHandler, RecorderHandler, Series {
    private let value = Mutex(0.0)
    func set(_ new: Int64) { value.withLock { $0 = Double(new) } }
    func set(_ new: Double) { value.withLock { $0 = new } }
    func increment(by amount: Double) { value.withLock { $0 += amount } }
    func decrement(by amount: Double) { value.withLock { $0 -= amount } }
    func record(_ new: Int64) { set(new) }
    func record(_ new: Double) { set(new) }

    func write(name: String, labels: String, to text: inout String) {
        text += "\(name)\(braces(labels)) \(number(value.withLock { $0 }))\n"
    }
}

/// Counts by size, in fixed buckets; durations in seconds.
final class HistogramSeries: TimerHandler, RecorderHandler, Series {
    private struct State {
        var counts: [UInt64]
        var sum = 0.0
    }
    private let bounds: [Double]
    private let state: Mutex<State>

    /// - Parameter bounds: ascending upper bounds; the last bucket, without bound, is added.
    init(bounds: [Double]) {
        self.bounds = bounds
        state = Mutex(State(counts: Array(repeating: 0, count: bounds.count + 1)))
    }

    func recordNanoseconds(_ duration: Int64) { record(Double(duration) / 1e9) }
    func record(_ value: Int64) { record(Double(value)) }

    func record(_ value: Double) {
        guard value.isFinite else { return }
        var low = 0
        var high = bounds.count
        while low < high {
            let middle = (low + high) / 2
            if value <= bounds[middle] { high = middle } else { low = middle + 1 }
        }
        state.withLock {
            $0.counts[low] += 1
            $0.sum += value
        }
    }

    func write(name: String, labels: String, to text: inout String) {
        let state = state.withLock { $0 }
        let prefix = labels.isEmpty ? "" : labels + ","
        var total: UInt64 = 0
        for (bound, count) in zip(bounds + [.infinity], state.counts) {
            total += count
            text += "\(name)_bucket{\(prefix)le=\"\(number(bound))\"} \(total)\n"
        }
        text += "\(name)_sum\(braces(labels)) \(number(state.sum))\n\(name)_count\(braces(labels)) \(total)\n"
    }
}

private func braces(_ labels: String) -> String { labels.isEmpty ? "" : "{\(labels)}" }

/// A number as the text format spells it.
private func number(_ value: Double) -> String {
    if value.isNaN { return "NaN" }
    if value.isInfinite { return value > 0 ? "+Inf" : "-Inf" }
    if value == value.rounded(), abs(value) < 1e15 { return String(Int64(value)) }
    return "\(value)"
}
