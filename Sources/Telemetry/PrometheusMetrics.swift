import Metrics
import Synchronization

/// Keeps the metrics of this process and writes them in the Prometheus text format, version 0.0.4.
///
/// Counters end in `_total`; timers are histograms in seconds and end in `_seconds`; recorders are histograms, or gauges when they do
/// not aggregate. Names are made of letters, digits and `_` (other characters become `_`).
public final class PrometheusMetrics: MetricsFactory {
    /// Buckets of timers, in seconds.
    public static let durationBounds = [
        0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 300, 1800, 7200,
    ]
    /// Buckets of recorders: sizes of batches, counts.
    public static let sizeBounds: [Double] = [1, 2, 5, 10, 20, 50, 100, 200, 500, 1000, 2000, 5000, 10_000]
    /// Series per name; what comes later is kept together under the label value `other`.
    public static let maximumSeries = 500

    private enum Kind: String { case counter, gauge, histogram }
    private struct Family {
        var kind: Kind
        /// By labels as they are written.
        var series: [String: any Series] = [:]
    }
    private struct State {
        var families: [String: Family] = [:]
        var refused = 0
    }

    private let state = Mutex(State())
    private let help: [String: String]
    private let bounds: [String: [Double]]

    /// - Parameters:
    ///   - help: one sentence per name as it is exposed (`martlet_attempts_total`).
    ///   - bounds: buckets by exposed name where the usual ones do not fit, ascending.
    public init(help: [String: String] = [:], bounds: [String: [Double]] = [:]) {
        self.help = help
        self.bounds = bounds
    }

    /// All series as text, sorted by name and labels.
    public func text() -> String {
        let (families, refused) = state.withLock { ($0.families, $0.refused) }
        var text = ""
        for (name, family) in families.sorted(by: { $0.key < $1.key }) {
            if let sentence = help[name] { text += "# HELP \(name) \(escapedHelp(sentence))\n" }
            text += "# TYPE \(name) \(family.kind.rawValue)\n"
            for (labels, series) in family.series.sorted(by: { $0.key < $1.key }) {
                series.write(name: name, labels: labels, to: &text)
            }
        }
        text += "# HELP martlet_metric_series_refused_total Series beyond the limit of their name, kept together as other.\n"
        return text + "# TYPE martlet_metric_series_refused_total counter\nmartlet_metric_series_refused_total \(refused)\n"
    }

    // MARK: MetricsFactory

    public func makeCounter(label: String, dimensions: [(String, String)]) -> any CounterHandler {
        series(name(label, suffix: "_total"), .counter, dimensions) { CounterSeries() }
    }

    public func makeFloatingPointCounter(label: String, dimensions: [(String, String)]) -> any FloatingPointCounterHandler {
        series(name(label, suffix: "_total"), .counter, dimensions) { CounterSeries() }
    }

    public func makeMeter(label: String, dimensions: [(String, String)]) -> any MeterHandler {
        series(name(label), .gauge, dimensions) { GaugeSeries() }
    }

    public func makeRecorder(label: String, dimensions: [(String, String)], aggregate: Bool) -> any RecorderHandler {
        let name = name(label)
        guard aggregate else { return series(name, .gauge, dimensions) { GaugeSeries() } }
        return series(name, .histogram, dimensions) { HistogramSeries(bounds: self.bounds[name] ?? Self.sizeBounds) }
    }

    public func makeTimer(label: String, dimensions: [(String, String)]) -> any TimerHandler {
        let name = name(label, suffix: "_seconds")
        return series(name, .histogram, dimensions) { HistogramSeries(bounds: self.bounds[name] ?? Self.durationBounds) }
    }

    public func destroyCounter(_ handler: any CounterHandler) { remove(handler) }
    public func destroyFloatingPointCounter(_ handler: any FloatingPointCounterHandler) { remove(handler) }
    public func destroyMeter(_ handler: any MeterHandler) { remove(handler) }
    public func destroyRecorder(_ handler: any RecorderHandler) { remove(handler) }
    public func destroyTimer(_ handler: any TimerHandler) { remove(handler) }

    // MARK: registry

    /// The series of this name and these labels, made when it is new. A name that is used for two kinds keeps its first: the second
    /// works but is not exposed, and counts as refused.
    private func series<Made: Series>(
        _ name: String, _ kind: Kind, _ dimensions: [(String, String)], make: () -> Made
    ) -> Made {
        let labels = self.labels(dimensions)
        return state.withLock { state in
            var family = state.families[name] ?? Family(kind: kind)
            if let known = family.series[labels] as? Made { return known }
            guard family.kind == kind, family.series[labels] == nil else {
                state.refused += 1
                return make()
            }
            var key = labels
            if family.series.count >= Self.maximumSeries {
                state.refused += 1
                key = self.labels(dimensions.map { ($0.0, "other") })
                if let other = family.series[key] as? Made { return other }
            }
            let made = make()
            family.series[key] = made
            state.families[name] = family
            return made
        }
    }

    private func remove(_ handler: Any) {
        guard let gone = handler as? any Series else { return }
        state.withLock { state in
            for (name, family) in state.families {
                guard let labels = family.series.first(where: { $0.value === gone })?.key else { continue }
                state.families[name]?.series[labels] = nil
                if family.series.count == 1 { state.families[name] = nil }
                return
            }
        }
    }

    // MARK: spelling

    private func name(_ label: String, suffix: String = "") -> String {
        let name = identifier(label)
        return name.hasSuffix(suffix) ? name : name + suffix
    }

    private func labels(_ dimensions: [(String, String)]) -> String {
        dimensions.map { "\(identifier($0.0))=\"\(escapedLabel(String($0.1.prefix(128))))\"" }.joined(separator: ",")
    }

    private func identifier(_ text: String) -> String {
        let name = String(
            text.unicodeScalars.map {
                $0.isASCII && ($0.properties.isAlphabetic || ("0"..."9").contains($0)) ? Character($0) : "_"
            })
        return name.first?.isNumber == true || name.isEmpty ? "_" + name : name
    }

    private func escapedLabel(_ text: String) -> String {
        text.replacing("\\", with: "\\\\").replacing("\"", with: "\\\"").replacing("\n", with: "\\n")
    }

    private func escapedHelp(_ text: String) -> String {
        text.replacing("\\", with: "\\\\").replacing("\n", with: "\\n")
    }
}
