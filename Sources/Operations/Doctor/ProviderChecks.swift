import Domain
import Store

/// What workers report about providers, and what admins ordered.
enum ProviderChecks {
    /// - Parameters:
    ///   - known: the providers of the policy.
    ///   - live: how many workers are live.
    static func run(_ seen: [ListProviders.Provider], known: [String], live: Int) -> [Finding] {
        let findings = seen.flatMap { ordered($0) + health($0, live: live) }
        let names = Set(known).union(seen.map(\.name))
        return findings.isEmpty ? [.ok("providers", "\(names.count) known, none stopped, no circuit open")] : findings
    }

    /// Those that take nothing, or less than they should: what waits, waits for them rather than for workers.
    static func troubled(_ findings: [Finding]) -> [String] {
        var names: [String] = []
        for finding in findings where finding.grade != .ok {
            let name = String(finding.check.dropFirst(prefix.count))
            if !names.contains(name) { names.append(name) }
        }
        return names
    }

    private static let prefix = "provider_"

    private static func ordered(_ provider: ListProviders.Provider) -> [Finding] {
        let what: String? =
            switch provider.state {
            case "paused": "paused"
            case "draining": "takes nothing new (drained)"
            case "moved": "its messages go to \(provider.target ?? "another provider")"
            default: nil
            }
        guard let what else { return [] }
        let since = provider.changedAt.map { ", since \($0.shown)" } ?? ""
        return [
            .warn(
                prefix + provider.name, "\(what) by \(provider.changedBy ?? "?")\(since): \(provider.why ?? "")",
                "`martlet providers resume \(provider.name) --why …` when the reason is gone.")
        ]
    }

    private static func health(_ provider: ListProviders.Provider, live: Int) -> [Finding] {
        let reason = provider.reason.map { ": \($0)" } ?? ""
        if provider.unusable > 0 {
            let text = "\(provider.unusable) of \(max(live, provider.unusable)) workers cannot open it\(reason)"
            let remedy =
                "Correct the file or the option on these hosts (`martlet workers`), or the policy; workers try again every 30 s. The messages go to others of their routes, or wait."
            return [
                provider.unusable >= live
                    ? .bad(prefix + provider.name, text, remedy) : .warn(prefix + provider.name, text, remedy)
            ]
        }
        guard provider.circuitsOpen > 0 else { return [] }
        let remedy =
            "`martlet providers show \(provider.name)` and `martlet providers test \(provider.name)` say more. The messages go to others of their routes, or wait; one message at a time finds out whether it works again."
        return [
            provider.circuitsOpen >= provider.workers
                ? .bad(
                    prefix + provider.name,
                    "the circuit is open everywhere (\(provider.circuitsOpen) of \(provider.workers) workers)\(reason)", remedy)
                : .warn(
                    prefix + provider.name,
                    "the circuit is open at \(provider.circuitsOpen) of \(provider.workers) workers\(reason)", remedy)
        ]
    }
}
