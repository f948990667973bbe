import Metrics
import Synchronization

/// The worker's counters; each name and label set is made once.
final class Meters: Sendable {
    private let counters = Mutex<[String: Counter]>([:])
    private let gauges = Mutex<[String: Gauge]>([:])

    /// - Parameter labels: few and bounded: lanes, words of a decision, providers.
    func count(_ name: String, _ labels: [(String, String)] = [], by amount: Int = 1) {
        guard amount > 0 else { return }
        let key = name + labels.map { "|\($0.0)=\($0.1)" }.joined()
        counters.withLock { counters in
            if counters[key] == nil { counters[key] = Counter(label: name, dimensions: labels) }
            return counters[key]
        }?.increment(by: Int64(amount))
    }

    func gauge(_ name: String, _ labels: [(String, String)] = [], _ value: Double) {
        let key = name + labels.map { "|\($0.0)=\($0.1)" }.joined()
        gauges.withLock { gauges in
            if gauges[key] == nil { gauges[key] = Gauge(label: name, dimensions: labels) }
            return gauges[key]
        }?.record(value)
    }
}

extension Meters {
    /// What providers took: segments, and their cost in millionths of the currency.
    func count(_ bills: [Bill]) {
        for bill in bills {
            let labels = [("provider", bill.provider), ("class", bill.messageClass)]
            count("martlet_segments_total", labels, by: bill.segments)
            guard let currency = bill.currency else { continue }
            count("martlet_cost_micros_total", labels + [("currency", currency)], by: Int(bill.micros))
        }
    }
}
