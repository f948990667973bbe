import Domain
import Store
import Synchronization
import Telemetry

/// How well messages are served, as gauges: measured by one worker for all every 30 s (later after one that took long), exported by each.
///
/// What a measurement reads grows with the messages of its span, so the span follows what the last one took: an hour on a quiet
/// cluster, a minute or less beside a campaign of millions. It is exported too.
final class Levels: Sendable {
    private static let intervals = Duration.seconds(30)...Duration.seconds(300)
    static let deadline = Duration.seconds(20)
    private static let spans = Duration.seconds(10)...Duration.seconds(3600)
    /// A worker that starts beside a backlog does not read a minute of it.
    private static let first = Duration.seconds(20)

    private struct Series: Hashable {
        var name: String
        var labels: [String]
    }
    private struct State {
        /// What a failure leaves of the span; nil: none failed.
        var limit: Duration?
        var exported: Set<Series> = []
    }
    private let state = Mutex(State())

    /// How long after a measurement the next one is made: it may take one second in a hundred.
    static func interval(after last: LoadLevels.Answer) -> Duration {
        let took = last.levels.first { $0.kind == "measure" && $0.figure == "took_seconds" }?.value ?? 0
        return min(max(.seconds(took * 100), intervals.lowerBound), intervals.upperBound)
    }

    static func isDue(_ last: LoadLevels.Answer) -> Bool { last.age.map { $0 >= interval(after: last) } ?? true }
    private static func isFresh(_ last: LoadLevels.Answer) -> Bool { last.age.map { $0 < interval(after: last) * 4 } ?? false }

    /// The span to measure, after what was measured last.
    func span(after last: LoadLevels.Answer) -> Duration {
        let values = Dictionary(last.levels.filter { $0.kind == "measure" }.map { ($0.figure, $0.value) }) { $1 }
        let limit = state.withLock { $0.limit } ?? Self.spans.upperBound
        guard let span = values["span_seconds"], let took = values["took_seconds"] else { return min(Self.first, limit) }
        return min(Self.next(span: .seconds(span), took: .seconds(took)), limit)
    }

    /// As much of it as takes a fifth of a second, at most twice as much: the messages in it may have become many more at once.
    static func next(span: Duration, took: Duration) -> Duration {
        let wanted = took > .milliseconds(250) ? span * (0.2 / took.inSeconds) : took < .milliseconds(80) ? span * 2 : span
        return min(max(wanted, spans.lowerBound), spans.upperBound)
    }

    func failed(_ span: Duration) { state.withLock { $0.limit = max(span / 2, Self.spans.lowerBound) } }
    func succeeded() { state.withLock { $0.limit = $0.limit.map { $0 * 2 }.flatMap { $0 >= Self.spans.upperBound ? nil : $0 } } }

    /// What is no longer measured becomes NaN, which a dashboard shows as nothing.
    func export(_ answer: LoadLevels.Answer, to meters: Meters) {
        let isFresh = Self.isFresh(answer)
        var now: Set<Series> = []
        for level in isFresh ? answer.levels : [] {
            let (name, labels) = Self.series(level)
            meters.gauge(name, labels, level.value)
            now.insert(Series(name: name, labels: labels.flatMap { [$0.0, $0.1] }))
        }
        let gone = state.withLock { state in
            defer { state.exported = now }
            return state.exported.subtracting(now)
        }
        for series in gone {
            let labels = stride(from: 0, to: series.labels.count, by: 2).map { (series.labels[$0], series.labels[$0 + 1]) }
            meters.gauge(series.name, labels, .nan)
        }
    }

    /// Providers that deliver less than their policy wants, by enough reports to tell.
    static func poor(_ answer: LoadLevels.Answer, _ providers: [String: ProviderPolicy]) -> Set<String> {
        guard isFresh(answer) else { return [] }
        func figure(_ figure: String) -> [String: Double] {
            Dictionary(
                answer.levels.filter { $0.kind == "provider" && $0.figure == figure }.map { ($0.name, $0.value) }
            ) { $1 }
        }
        let (shares, reports) = (figure("delivered_share"), figure("reports"))
        return Set(
            providers.values.filter { provider in
                guard let least = provider.deliveredAtLeast, let share = shares[provider.name] else { return false }
                return share < least && reports[provider.name] ?? 0 >= 20
            }.map(\.name))
    }

    static func series(_ level: LoadLevels.Level) -> (name: String, labels: [(String, String)]) {
        switch level.kind {
        case "class": return ("martlet_slo_\(level.figure)", [("class", level.name)])
        case "provider": return ("martlet_provider_\(level.figure)", [("provider", level.name)])
        case "budget":
            let parts = level.name.split(separator: " ").map(String.init)
            return ("martlet_budget_\(level.figure)", [("budget", parts.first ?? ""), ("unit", parts.last ?? "")])
        default: return ("martlet_slo_measured_\(level.figure)", [])
        }
    }
}
