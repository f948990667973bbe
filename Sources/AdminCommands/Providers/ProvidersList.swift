import ArgumentParser
import Domain
import Operations
import Store

struct ProvidersList: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "list", abstract: "Every provider: in use or stopped, its circuit, answers a second.",
        discussion: """
            Answers a second over the last ten seconds or so, of all workers together. failed: its own fault, unanswered or unreachable;
            refused: the recipient's, the sender's or the text's fault. A circuit that is open sends nothing but a probe now and then.

            EXAMPLES
              martlet providers
              martlet providers --watch
              martlet providers list --json | jq '.[] | select(.circuits_open > 0)'
            """)
    @OptionGroup var watching: WatchOptions
    @OptionGroup var shared: SharedOptions

    func run() async throws {
        try await watching.run {
            let found = try await shared.run(ShowProviders())
            shared.show(found) { Terminal.out.table(Self.table(found.providers, found.now)) }
        }
    }

    static func table(_ providers: [ListProviders.Provider], _ now: Timestamp) -> Table {
        var table = Table(
            "provider", "state", "circuit", "#accepted/s", "#failed/s", "#throttled/s", "#refused/s", "#latency", "#unanswered",
            "#waiting")
        for provider in providers {
            table.add(
                "\(provider.name)", state(provider, now), circuit(provider), "\(rate(provider.accepted))",
                "\(rate(provider.failed))", "\(rate(provider.throttled))", "\(rate(provider.refused))",
                "\(provider.latency.map { "\(Int($0.rounded())) ms" } ?? "")", "\(provider.unanswered.map(String.init) ?? "")",
                "\(provider.waiting.map(String.init) ?? "")")
        }
        return table
    }

    private static func state(_ provider: ListProviders.Provider, _ now: Timestamp) -> Table.Cell {
        guard provider.state != "in use" else { return Table.Cell("in use", .green) }
        let target = provider.target.map { " to \($0)" } ?? ""
        let since = provider.changedAt.map { " \($0.relative(to: now))" } ?? ""
        return Table.Cell(
            "\(provider.state)\(target)\(since) by \(provider.changedBy ?? "?"): \(provider.why ?? "")", .yellow)
    }

    private static func circuit(_ provider: ListProviders.Provider) -> Table.Cell {
        guard provider.circuitsOpen > 0 else { return provider.workers > 0 ? Table.Cell("closed", .green) : "" }
        return Table.Cell("open at \(provider.circuitsOpen) of \(provider.workers): \(provider.reason ?? "")", .red)
    }

    private static func rate(_ value: Double?) -> String {
        guard let value, value > 0 else { return "" }
        return value >= 10 ? String(Int(value.rounded())) : "\((value * 10).rounded() / 10)"
    }
}
