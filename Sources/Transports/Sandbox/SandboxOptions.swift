import Callbacks
import Domain

/// The options of a sandbox provider.
struct SandboxOptions: Sendable {
    var provider: String
    var window: Int
    /// nil: nothing is written (`outbox: none`).
    var outbox: String?
    var rules: SandboxRules
    /// A file of rules that is read again when it changes; its rules come before `rules`.
    var script: String?

    /// - Throws: `ProviderError`.
    init(_ policy: ProviderPolicy) throws {
        var options = ProviderOptions(policy)
        provider = policy.name
        window = policy.window
        let path = try options.required("outbox", remedy: "name the file that keeps what was handed over, or none")
        outbox = path == "none" ? nil : path
        let text = options.text("rules") ?? ""
        script = options.text("script")
        do {
            rules = try SandboxRules(text)
        } catch let problem as SandboxRules.Problem {
            throw options.bad("rules", problem.rule, problem.remedy)
        }
        try options.finish()
    }
}
