import Metrics
import Synchronization

/// A program's counters; each name and label set is made once.
public final class Meters: Sendable {
    private let counters = Mutex<[String: Counter]>([:])
    private let gauges = Mutex<[String: Gauge]>([:])

    public init() {}

    /// - Parameter labels: few and bounded: lanes, words of a decision, providers.
    public func count(_ name: String, _ labels: [(String, String)] = [], by amount: Int = 1) {
        guard amount > 0 else { return }
        let key = name + labels.map { "|\($0.0)=\($0.1)" }.joined()
        counters.withLock { counters in
            if counters[key] == nil { counters[key] = Counter(label: name, dimensions: labels) }
            return counters[key]
        }?.increment(by: Int64(amount))
    }

    public func gauge(_ name: String, _ labels: [(String, String)] = [], _ value: Double) {
        let key = name + labels.map { "|\($0.0)=\($0.1)" }.joined()
        gauges.withLock { gauges in
            if gauges[key] == nil { gauges[key] = Gauge(label: name, dimensions: labels) }
            return gauges[key]
        }?.record(value)
    }
}
