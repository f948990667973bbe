import Foundation
import Metrics
import Testing

@testable import Telemetry

@Suite("Metrics")
struct MetricsTests {
    @Test("every kind of metric is written in the Prometheus text format")
    func exposition() {
        let metrics = PrometheusMetrics(
            help: ["martlet_attempts_total": "Attempts by outcome."],
            bounds: ["martlet_send_seconds": [0.1, 1], "martlet_batch": [10, 100]])
        Counter(label: "martlet.attempts", dimensions: [("outcome", "accepted")], factory: metrics).increment(by: 3)
        Counter(label: "martlet.attempts", dimensions: [("outcome", "accepted")], factory: metrics).increment()
        Counter(label: "martlet.attempts", dimensions: [("outcome", "a\"b\\c\nd")], factory: metrics).increment()
        FloatingPointCounter(label: "martlet_cost_total", factory: metrics).increment(by: 0.25)
        let meter = Meter(label: "martlet_in_flight", factory: metrics)
        meter.set(5)
        meter.decrement(by: 1.5)
        let timer = Timer(label: "martlet_send", factory: metrics)
        timer.recordMilliseconds(50)
        timer.recordMilliseconds(100)
        timer.recordSeconds(2)
        Recorder(label: "martlet_batch", factory: metrics).record(7)
        Recorder(label: "martlet-last.batch", dimensions: [], aggregate: false, factory: metrics).record(8)
        #expect(
            metrics.text() == """
                # HELP martlet_attempts_total Attempts by outcome.
                # TYPE martlet_attempts_total counter
                martlet_attempts_total{outcome="a\\"b\\\\c\\nd"} 1
                martlet_attempts_total{outcome="accepted"} 4
                # TYPE martlet_batch histogram
                martlet_batch_bucket{le="10"} 1
                martlet_batch_bucket{le="100"} 1
                martlet_batch_bucket{le="+Inf"} 1
                martlet_batch_sum 7
                martlet_batch_count 1
                # TYPE martlet_cost_total counter
                martlet_cost_total 0.25
                # TYPE martlet_in_flight gauge
                martlet_in_flight 3.5
                # TYPE martlet_last_batch gauge
                martlet_last_batch 8
                # TYPE martlet_send_seconds histogram
                martlet_send_seconds_bucket{le="0.1"} 2
                martlet_send_seconds_bucket{le="1"} 2
                martlet_send_seconds_bucket{le="+Inf"} 3
                martlet_send_seconds_sum 2.15
                martlet_send_seconds_count 3
                # HELP martlet_metric_series_refused_total Series beyond the limit of their name, kept together as other.
                # TYPE martlet_metric_series_refused_total counter
                martlet_metric_series_refused_total 0

                """)
    }

    @Test("labels that grow without end are kept together, and no count is lost")
    func cardinality() {
        let metrics = PrometheusMetrics()
        for number in 0..<1000 { Counter(label: "martlet_seen", dimensions: [("id", "\(number)")], factory: metrics).increment() }
        let lines = metrics.text().split(separator: "\n").filter { $0.hasPrefix("martlet_seen_total{") }
        #expect(lines.count == PrometheusMetrics.maximumSeries + 1)
        #expect(lines.contains(#"martlet_seen_total{id="other"} 500"#))
        #expect(lines.compactMap { $0.split(separator: " ").last.flatMap { Int($0) } }.reduce(0, +) == 1000)
        #expect(metrics.text().contains("martlet_metric_series_refused_total 500"))
    }

    @Test("a name used for two kinds keeps its first, and the other still works")
    func twoKinds() {
        let metrics = PrometheusMetrics()
        Meter(label: "martlet_x", factory: metrics).set(1)
        Recorder(label: "martlet_x", factory: metrics).record(9)
        let text = metrics.text()
        #expect(text.contains("# TYPE martlet_x gauge\nmartlet_x 1\n") && !text.contains("martlet_x_bucket"))
    }

    @Test("a destroyed metric is no longer exposed")
    func destroyed() {
        let metrics = PrometheusMetrics()
        let counter = Counter(label: "martlet_gone", factory: metrics)
        counter.increment()
        counter.destroy()
        #expect(!metrics.text().contains("martlet_gone"))
    }

    @Test("counts from many tasks add up")
    func concurrent() async {
        let metrics = PrometheusMetrics()
        await withTaskGroup { group in
            for _ in 0..<8 {
                group.addTask {
                    let counter = Counter(label: "martlet_all", factory: metrics)
                    let timer = Timer(label: "martlet_all_time", factory: metrics)
                    for _ in 0..<1000 {
                        counter.increment()
                        timer.recordMilliseconds(1)
                    }
                }
            }
        }
        let text = metrics.text()
        #expect(text.contains("martlet_all_total 8000\n") && text.contains("martlet_all_time_seconds_count 8000\n"))
    }
}

@Suite("The list of metrics")
struct MetricListTests {
    private static let repository = URL(filePath: #filePath)
        .deletingLastPathComponent().deletingLastPathComponent().deletingLastPathComponent()

    @Test("the README's table is the list")
    func table() throws {
        let readme = try String(contentsOf: Self.repository.appending(path: "Sources/Telemetry/README.md"), encoding: .utf8)
        let rows = readme.split(separator: "\n").filter { $0.hasPrefix("| `martlet_") }
        let expected = MetricList.all.map { metric in
            let labels = metric.labels.isEmpty ? "–" : metric.labels.joined(separator: ", ")
            return "| `\(metric.name)` | \(metric.kind.rawValue) | \(labels) | \(metric.help) |"
        }
        #expect(rows.map(String.init) == expected)
        #expect(Set(MetricList.all.map(\.name)).count == MetricList.all.count)
    }

    @Test("what the code counts is in the list, and nothing else is")
    func code() throws {
        var used: Set<String> = []
        let sources = Self.repository.appending(path: "Sources")
        let files = try #require(FileManager.default.enumerator(at: sources, includingPropertiesForKeys: nil))
        for case let file as URL in files where file.pathExtension == "swift" && file.lastPathComponent != "MetricList.swift" {
            let text = try String(contentsOf: file, encoding: .utf8)
            // `count("martlet_…")`, `gauge("martlet_…")`, and names that a call breaks before or puts together.
            for match in text.matches(of: /(?:count|gauge)\(\s*"(martlet_[a-z_]+)"/) { used.insert(String(match.1)) }
            for match in text.matches(of: /BatchQueue<[A-Za-z]+>\(\s*"([a-z_]+)"/) {
                used.formUnion(["martlet_\(match.1)_batches_total", "martlet_\(match.1)s_lost_total"])
            }
        }
        // What measure_levels writes; the prefix is Levels.series.
        let measured = try String(
            contentsOf: Self.repository.appending(path: "Migrations/objects/martlet_data/measure_levels.sql"), encoding: .utf8)
        for part in measured.split(separator: "select '").dropFirst() {
            let kind = String(part.prefix { $0 != "'" })
            let prefix = try #require(["class": "slo", "provider": "provider", "budget": "budget"][kind])
            let pairs = part.prefix(upTo: part.firstRange(of: "f(figure")?.lowerBound ?? part.endIndex)
            for match in pairs.matches(of: #/\('([a-z_]+)', /#) {
                used.insert("martlet_\(prefix)_\(match.1)")
            }
        }
        used.formUnion([
            "martlet_slo_measured_span_seconds", "martlet_slo_measured_took_seconds", "martlet_metric_series_refused_total",
        ])
        let listed = Set(MetricList.all.map(\.name))
        #expect(used.subtracting(listed).sorted() == [])
        #expect(listed.subtracting(used).sorted() == [])
        #expect(used.count > 50)
    }

    @Test("every name has its HELP")
    func help() {
        let metrics = PrometheusMetrics(help: MetricList.help)
        for metric in MetricList.all where metric.name != "martlet_metric_series_refused_total" {
            let labels = metric.labels.map { ($0, "x") }
            switch metric.kind {
            case .counter: Counter(label: metric.name, dimensions: labels, factory: metrics).increment()
            case .gauge: Gauge(label: metric.name, dimensions: labels, factory: metrics).record(1)
            }
        }
        let text = metrics.text()
        for metric in MetricList.all {
            #expect(
                text.contains("# HELP \(metric.name) \(metric.help)\n# TYPE \(metric.name) \(metric.kind.rawValue)\n"),
                "\(metric.name)")
        }
    }
}
