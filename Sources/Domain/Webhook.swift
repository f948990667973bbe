/// A service's own address that hears of events: `webhooks.yaml`. Its provider, route and class are made from this; each event is a message
/// of channel `webhook` to the endpoint's name.
public struct WebhookEndpoint: Sendable, Equatable {
    public var name: String
    /// `inbound.received`, `message.delivered` …; never empty.
    public var events: [String]
    /// Only what is about messages (or consents) of these; empty: everything.
    public var classes: [String]
    /// Only what is about messages whose group key begins with one of these; empty: everything.
    public var groupPrefixes: [String]

    public init(name: String, events: [String], classes: [String] = [], groupPrefixes: [String] = []) {
        self.name = name
        self.events = events
        self.classes = classes
        self.groupPrefixes = groupPrefixes
    }

    /// The provider that delivers to it.
    public var provider: String { "webhook-\(name)" }
}

/// What all webhooks share.
public enum Webhooks {
    /// Of the class that events are messages of, and of the transport and the template.
    public static let name = "webhook"
    /// Events that an endpoint may ask for.
    public static let events = [
        "inbound.received", "survey.answered", "consent.changed", "suppression.changed", "message.delivered",
        "message.undelivered", "message.bounced", "message.complained", "message.unsubscribed", "message.clicked",
        "message.opened", "message.dead",
    ]

    /// Where the policy has no class of this name: three days of tries, and what was not taken by then is a dead letter.
    public static let standardClass: ClassPolicy = {
        let retry = RetrySchedule(attempts: 16, base: .seconds(5), limit: .seconds(6 * 3600))
        var rules = ClassPolicy(
            name: name, lane: 2, timeToLive: .seconds(3 * 86_400), retry: retry, unknownOutcome: .resend, resends: 10)
        rules.keepsExpired = true
        return rules
    }()

    /// The body is the event as it was written: nothing is escaped.
    public static let template = Template(
        key: name, locale: "default", channel: .webhook, body: "{{{event}}}", required: ["event"])
}

extension Channel {
    /// Events for services; its addresses are names of endpoints.
    public static let webhook = Channel(rawValue: Webhooks.name)
}
