import Callbacks
import Domain
import NIOHTTP1

/// Events to a service's own address, signed as Standard Webhooks says (https://www.standardwebhooks.com). The body is the message's text as it
/// is; what it is called and when it was sent is in `webhook-id` and `webhook-timestamp`.
extension HTTPOptions {
    /// - Throws: `ProviderError`.
    init(webhook policy: ProviderPolicy) throws {
        var options = ProviderOptions(policy)
        let url = try options.required(
            "url", remedy: "write the address that takes events, such as https://shop.example.com/events")
        let form: HTTPRequestForm
        do {
            form = HTTPRequestForm(
                method: .POST, url: try HTTPTemplate(url, .url),
                headers: [("Content-Type", try HTTPTemplate("application/json", .none))],
                body: .text(try HTTPTemplate("{text}", .none)))
        } catch {
            throw options.bad("url", url, "it may contain no braces")
        }
        guard form.url.fields.isEmpty else { throw options.bad("url", url, "it may contain no placeholders") }
        try self.init(&options, policy, url: url, form: form, rules: .webhook)
        signingFile = try options.required(
            "signing_secret_file", remedy: "name the file with the secret: a line whsec_… (two while one replaces the other)")
        try options.finish()
    }
}

extension HTTPRules {
    /// Standard Webhooks: 2xx is taken, 410 means that nothing more is wanted, everything else is tried again. Nothing is in doubt: who gets an
    /// event twice knows it by its `webhook-id`.
    static let webhook: HTTPRules = {
        do {
            var rules = HTTPRules(accepted: try HTTPAcceptance("2xx"))
            rules.errors = [
                HTTPErrorRule(key: .status(410), verdict: .recipient), HTTPErrorRule(key: .status(429), verdict: .throttled),
            ]
            rules.others = .retry
            rules.prefix = "webhook"
            rules.isRepeatable = true
            return rules
        } catch {
            preconditionFailure("2xx cannot be read: \(error)")
        }
    }()
}
