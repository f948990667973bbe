import Domain

/// A small policy with the four classes and their ways with doubt, quick retries, and whatever a test adds.
public struct ShopPolicy: Sendable {
    public var caps = "{}"
    /// For all numbers; see the sandbox's rules.
    public var rules = ""
    public var window = 100
    /// Such as `50/s`.
    public var rate: String?
    public var sendWithin = "2s"
    public var timeout = "2s"
    public var attempts = 3
    /// Lines of the class `night`: the only one with quiet hours.
    public var quietHours = "22:00-08:00"
    public var body = "{{text}}"
    /// Port of an SMPP carrier on this machine that gets all SMS; nil: the sandbox gets them.
    public var carrierPort: Int?
    public var carrierOptions: [String: String] = [:]
    /// Its binds, of all workers together.
    public var carrierLimit: Int?
    /// Entries of providers.yaml beside the sandbox, indented by two.
    public var moreProviders = ""
    /// Routes before the sandbox's, one `  - {…}` a line.
    public var moreRoutes = ""
    /// What is behind `budgets:` in budgets.yaml; nil: there is none.
    public var budgets: String?
    /// What is behind `prices:` in prices.yaml.
    public var prices = "{}"
    /// keywords.yaml; nil: there is none.
    public var keywords: String?
    /// What is behind `endpoints:` in webhooks.yaml, indented by two; nil: there is none.
    public var webhooks: String?
    /// Of confirm.yaml; nil: there is none.
    public var confirm: String?
    public var confirmSecret = ""
    /// Entries of classes.yaml, indented by two.
    public var moreClasses = ""
    /// Templates beside `note`.
    public var moreTemplates: [Template] = []
    /// Of the sender.
    public var smsFrom = "Shop"
    /// Channels beside sms; each has the template `note`.
    public var moreChannels: [Channel] = []
    /// The HTML of mails; nil: they have none.
    public var html: String?
    /// What is behind `links:` in links.yaml; nil: there is none.
    public var links: String?
    /// Classes that track, such as `marketing`: lines such as `track_clicks: true`.
    public var tracking: [String: [String]] = [:]

    public init(_ change: (inout ShopPolicy) -> Void = { _ in }) { change(&self) }

    public static let classes = ["otp", "transactional", "notification", "marketing"]
    /// How often a message of the class may be sent again while in doubt.
    public static let resends = ["otp": 1, "transactional": 1, "notification": 1, "marketing": 0]

    var templates: [Template] {
        [
            Template(key: "note", locale: "default", channel: .sms, body: body, required: ["text"]),
            Template(
                key: "note", locale: "default", channel: .email, subject: "Note", body: body, html: html, required: ["text"]),
        ] + moreChannels.map { Template(key: "note", locale: "default", channel: $0, body: body, required: ["text"]) }
            + moreTemplates + (webhooks == nil ? [] : [Webhooks.template])
    }

    func files(outbox: String, script: String) -> [String: String] {
        let doubts = ["otp": "resend", "transactional": "query", "notification": "resend", "marketing": "hold"]
        var classes = "classes:\n"
        for (lane, name) in Self.classes.enumerated() {
            classes += Self.messageClass(name, lane: lane, attempts: attempts, unknownOutcome: doubts[name] ?? "hold")
            if name == "otp" { classes += "    erase_body: true\n" }
            for line in tracking[name] ?? [] { classes += "    \(line)\n" }
        }
        classes += Self.messageClass("night", lane: 4, attempts: attempts, unknownOutcome: "hold")
        classes += "    quiet_hours: \(quietHours)\n    release_over: 30m\n"
        classes += Self.messageClass("asked", lane: 5, attempts: attempts, unknownOutcome: "hold").replacing(
            "consent: false", with: "consent: true")
        classes += moreClasses
        var files = [
            "classes.yaml": classes, "caps.yaml": "caps: \(caps)\n", "prices.yaml": "prices: \(prices)\n",
            "words.yaml": "lists: {}\n",
            "senders.yaml":
                "default: shop\nsenders:\n  shop:\n    sms_from: \"\(smsFrom)\"\n    email_from: shop@example.com\n    time_zone: Europe/London\n    default_country: \"+44\"\n    default_locale: en\n",
            "routes.yaml": (carrierPort == nil ? "routes:\n" : "routes:\n  - provider: carrier\n    channel: sms\n")
                + "\(moreRoutes)  - provider: sandbox\n",
            "providers.yaml": """
            providers:
              sandbox:
                transport: sandbox
                channels: [sms, email]
                window: \(window)
            \(rate.map { "    rate: \($0)\n" } ?? "")    send_within: \(sendWithin)
                timeout: \(timeout)
                options:
                  outbox: \(outbox)
                  script: \(script)

            """ + carrier + moreProviders,
        ]
        files["keywords.yaml"] = keywords
        files["links.yaml"] = links.map { "links: \($0)\n" }
        files["webhooks.yaml"] = webhooks.map { "endpoints:\n\($0)" }
        files["confirm.yaml"] = confirm.map { "link: {url: \"\($0)\", secret_file: \(confirmSecret)}\n" }
        files["budgets.yaml"] = budgets.map { "budgets: \($0)\n" }
        return files
    }

    private var carrier: String {
        guard let carrierPort else { return "" }
        var options = ["host": "127.0.0.1", "port": "\(carrierPort)", "tls": "off", "system_id": "shop"]
        options.merge(carrierOptions) { $1 }
        return """
              carrier:
                transport: smpp
                channels: [sms]
                window: \(window)
            \(carrierLimit.map { "    max_connections: \($0)\n" } ?? "")    send_within: \(sendWithin)
                timeout: \(timeout)
                options:
            \(options.sorted { $0.key < $1.key }.map { "      \($0.key): \"\($0.value)\"" }.joined(separator: "\n"))

            """
    }

    private static func messageClass(_ name: String, lane: Int, attempts: Int, unknownOutcome: String) -> String {
        """
          \(name):
            lane: \(lane)
            time_to_live: \(name == "otp" ? "5m" : "24h")
            attempts: \(attempts)
            retry_base: 1s
            retry_limit: 1s
            consent: false
            in_doubt: \(unknownOutcome)
            resends: \(unknownOutcome == "hold" ? 0 : 1)

        """
    }
}
