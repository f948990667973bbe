import Metrics
import Synchronization

/// Keeps the metrics of this process and writes them in the Prometheus text format, version 0.0.4.
///
/// Counters end in `_total`; timers are histograms in seconds and end in `_seconds`; recorders are histograms, or gauges when they do
/// not aggregate. Names are made of letters, digits and `_` (other characters become `_`).
public final class PrometheusMetrics: MetricsFactory {
    /// Buckets of timers, in seconds.
    static let durationBounds = [
        0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 300, 1800, 7200,
    ]
    /// Buckets of recorders: sizes of batches, counts.
    static let sizeBounds: [Double] = [1, 2, 5, 10, 20, 50, 100, 200, 500, 1000, 2000, 5000, 10_000]
    /// Series per name; later ones are kept together under the label value `other`.
    static let maximumSeries = 500

    private enum Kind: String { case counter, gauge, histogram }
    private struct Family {
        var kind: Kind
        /// By labels as they are written.
        var series: [String: any Series] = [:]
    }
    /// A series as callers name it, so that asking for it again need not spell it.
    private struct Asked: Hashable {
        var label: String
        var dimensions: [String]
        /// Of the exposed name; with the type of the handler it tells the kinds apart.
        var suffix: String
    }
    private struct State {
        var families: [String: Family] = [:]
        /// Only series that are exposed under their own labels, so it is bounded as they are.
        var known: [Asked: any Series] = [:]
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
        let refusedHelp =
            help["martlet_metric_series_refused_total"] ?? "Series beyond the limit of their name, kept together as other."
        text += "# HELP martlet_metric_series_refused_total \(escapedHelp(refusedHelp))\n"
        return text + "# TYPE martlet_metric_series_refused_total counter\nmartlet_metric_series_refused_total \(refused)\n"
    }

    // MARK: MetricsFactory

    public func makeCounter(label: String, dimensions: [(String, String)]) -> any CounterHandler {
        series(label, "_total", .counter, dimensions) { _ in CounterSeries() }
    }

    public func makeFloatingPointCounter(label: String, dimensions: [(String, String)]) -> any FloatingPointCounterHandler {
        series(label, "_total", .counter, dimensions) { _ in CounterSeries() }
    }

    public func makeMeter(label: String, dimensions: [(String, String)]) -> any MeterHandler {
        series(label, "", .gauge, dimensions) { _ in GaugeSeries() }
    }

    public func makeRecorder(label: String, dimensions: [(String, String)], aggregate: Bool) -> any RecorderHandler {
        guard aggregate else { return series(label, "", .gauge, dimensions) { _ in GaugeSeries() } }
        return series(label, "", .histogram, dimensions) { HistogramSeries(bounds: self.bounds[$0] ?? Self.sizeBounds) }
    }

    public func makeTimer(label: String, dimensions: [(String, String)]) -> any TimerHandler {
        series(label, "_seconds", .histogram, dimensions) {
            HistogramSeries(bounds: self.bounds[$0] ?? Self.durationBounds)
        }
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
        _ label: String, _ suffix: String, _ kind: Kind, _ dimensions: [(String, String)], make: (String) -> Made
    ) -> Made {
        let asked = Asked(label: label, dimensions: dimensions.flatMap { [$0.0, $0.1] }, suffix: suffix)
        return state.withLock { state in
            if let known = state.known[asked] as? Made { return known }
            let name = self.name(label, suffix: suffix)
            let labels = self.labels(dimensions)
            var family = state.families[name] ?? Family(kind: kind)
            var made = family.series[labels] as? Made
            if made == nil {
                guard family.kind == kind else {
                    state.refused += 1
                    return make(name)
                }
                if family.series.count >= Self.maximumSeries {
                    state.refused += 1
                    let other = self.labels(dimensions.map { ($0.0, "other") })
                    let shared = family.series[other] as? Made ?? make(name)
                    family.series[other] = shared
                    state.families[name] = family
                    return shared
                }
                made = make(name)
            }
            let series = made ?? make(name)
            family.series[labels] = series
            state.families[name] = family
            if state.known.count < 100_000 { state.known[asked] = series }
            return series
        }
    }

    private func remove(_ handler: Any) {
        guard let gone = handler as? any Series else { return }
        state.withLock { state in
            state.known = state.known.filter { $0.value !== gone }
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
        func isDigit(_ byte: UInt8) -> Bool { (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(byte) }
        let bytes = text.utf8.map { byte in
            isDigit(byte) || (UInt8(ascii: "a")...UInt8(ascii: "z")).contains(byte | 0x20) ? byte : UInt8(ascii: "_")
        }
        let name = String(decoding: bytes, as: UTF8.self)
        return bytes.first.map(isDigit) ?? true ? "_" + name : name
    }

    private func escapedLabel(_ text: String) -> String {
        text.replacing("\\", with: "\\\\").replacing("\"", with: "\\\"").replacing("\n", with: "\\n")
    }

    private func escapedHelp(_ text: String) -> String {
        text.replacing("\\", with: "\\\\").replacing("\n", with: "\\n")
    }
}
