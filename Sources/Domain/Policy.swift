/// Everything operators decide without code: what the files under `Config/` say, checked by Settings, stored by version.
public struct Policy: Sendable, Equatable {
    public var classes: [String: ClassPolicy]
    public var caps: [CapRule]
    public var senders: [String: Sender]
    /// Key of the sender for messages and classes that name none.
    public var defaultSender: String
    public var providers: [String: ProviderPolicy]
    /// In order; the first that matches and has a provider decides.
    public var routes: [Route]
    public var prices: [Price]
    public var wordLists: [WordList]
    public var keywords: KeywordPolicy
    public var budgets: [BudgetRule]
    /// nil: no class tracks anything.
    public var links: LinkPlaces?
    public var webhooks: [WebhookEndpoint] = []
    /// nil: no link confirms anything.
    public var confirmLink: ConfirmLink?

    public init(
        classes: [String: ClassPolicy], caps: [CapRule], senders: [String: Sender], defaultSender: String,
        providers: [String: ProviderPolicy], routes: [Route], prices: [Price], wordLists: [WordList],
        keywords: KeywordPolicy = KeywordPolicy(), budgets: [BudgetRule] = [], links: LinkPlaces? = nil
    ) {
        self.classes = classes
        self.caps = caps
        self.senders = senders
        self.defaultSender = defaultSender
        self.providers = providers
        self.routes = routes
        self.prices = prices
        self.wordLists = wordLists
        self.keywords = keywords
        self.budgets = budgets
        self.links = links
    }
}

/// What a class of messages fixes: lane, time to live, retries, hours, consent, doubt.
public struct ClassPolicy: Sendable, Equatable {
    /// What happens to an attempt whose answer is not known.
    public enum UnknownOutcome: String, Sendable, CaseIterable {
        /// Send again, at most `resends` times.
        case resend
        /// Ask the provider; while none can be asked, resend once, flagged.
        case query
        /// Keep it as a dead letter `in_doubt`; the cap stays taken.
        case hold
    }
    public var name: String
    /// 0…7; lower lanes never wait behind higher-numbered ones.
    public var lane: Int
    public var timeToLive: Duration
    /// The promise: accepted by a provider so long after it might be sent. Judged by `martlet slo`, nothing else depends on it; nil: none.
    public var acceptWithin: Duration?
    public var retry: RetrySchedule
    /// nil: sent at any hour.
    public var quietHours: QuietHours?
    public var requiresConsent: Bool
    public var unknownOutcome: UnknownOutcome
    /// How often a message in doubt may be sent again; 0 for `hold`.
    public var resends: Int
    /// Render puts the sender's signature first and its opt-out phrase last on SMS.
    public var requiresSignature: Bool
    public var requiresOptOut: Bool
    /// Variables that must be present and not empty, whatever the template says.
    public var requiredVariables: [String]
    /// nil: no limit.
    public var maxSegments: Int?
    /// With `maxSegments`: reject, or only warn.
    public var rejectsOverlong: Bool
    /// True: body and variables are erased once the message is final, and never logged.
    public var erasesBody: Bool
    /// nil: nothing is tracked, as in every class that erases bodies.
    public var tracking: LinkTracking?
    /// nil: the policy's default sender.
    public var sender: String?
    /// True: what could not be sent within its time to live is a dead letter, for a human, instead of `expired`.
    public var keepsExpired = false
    /// How far ahead `scheduled_at` may be; at most 366 days, for a day's storage is kept until its last message has expired.
    public var scheduleWithin: Duration = ClassPolicy.longestSchedule
    public static let longestSchedule: Duration = .seconds(366 * 86_400)

    public init(
        name: String, lane: Int, timeToLive: Duration, retry: RetrySchedule, quietHours: QuietHours? = nil,
        requiresConsent: Bool = false, unknownOutcome: UnknownOutcome = .resend, resends: Int = 1,
        requiresSignature: Bool = false,
        requiresOptOut: Bool = false, requiredVariables: [String] = [], maxSegments: Int? = nil,
        rejectsOverlong: Bool = true, erasesBody: Bool = false, sender: String? = nil
    ) {
        self.name = name
        self.lane = lane
        self.timeToLive = timeToLive
        self.retry = retry
        self.quietHours = quietHours
        self.requiresConsent = requiresConsent
        self.unknownOutcome = unknownOutcome
        self.resends = resends
        self.requiresSignature = requiresSignature
        self.requiresOptOut = requiresOptOut
        self.requiredVariables = requiredVariables
        self.maxSegments = maxSegments
        self.rejectsOverlong = rejectsOverlong
        self.erasesBody = erasesBody
        self.sender = sender
    }
}

/// Exponential backoff with full jitter between `base` and `limit`.
public struct RetrySchedule: Sendable, Equatable {
    /// Tries that count, the first included; 1 or more.
    public var attempts: Int
    public var base: Duration
    public var limit: Duration
    public init(attempts: Int, base: Duration, limit: Duration) {
        self.attempts = attempts
        self.base = base
        self.limit = limit
    }
}

/// A daily window in the recipient's local time in which nothing is sent; `from` > `until` wraps midnight.
public struct QuietHours: Sendable, Equatable {
    /// Minutes after local midnight, 0…1439.
    public var from: Int
    public var until: Int
    /// What was held is released evenly over this long after `until`.
    public var spread: Duration
    public init(from: Int, until: Int, spread: Duration = .seconds(1800)) {
        self.from = from
        self.until = until
        self.spread = spread
    }
}

/// At most `limit` messages per recipient in a window.
public struct CapRule: Sendable, Equatable {
    public enum Window: Sendable, Equatable {
        /// Any interval of this length.
        case rolling(Duration)
        /// The recipient's local calendar minute, hour, day, week (from Monday) or month.
        case calendar(CalendarUnit)
    }
    public enum CalendarUnit: String, Sendable, CaseIterable { case minute, hour, day, week, month }
    public enum Over: String, Sendable, CaseIterable { case `defer`, drop }
    public var name: String
    /// Classes it counts together; never empty.
    public var classes: [String]
    /// Channels it counts together; empty: all.
    public var channels: [Channel]
    public var window: Window
    public var limit: Int
    /// Limits by recipient tier; a recipient without a listed tier has `limit`.
    public var tiers: [String: Int]
    public var over: Over

    public init(
        name: String, classes: [String], channels: [Channel] = [], window: Window, limit: Int,
        tiers: [String: Int] = [:], over: Over = .defer
    ) {
        self.name = name
        self.classes = classes
        self.channels = channels
        self.window = window
        self.limit = limit
        self.tiers = tiers
        self.over = over
    }
}

/// Who speaks: what recipients see as the origin.
public struct Sender: Sendable, Equatable {
    public var key: String
    /// Sender ids or numbers for SMS by country prefix (`+86`), `""` for the rest; where there are several each recipient has one of them
    /// (`smsOrigin`). Empty: cannot send SMS.
    public var smsPools: [String: [String]]
    /// Mailbox for e-mail; nil: cannot send e-mail.
    public var emailFrom: String?
    public var emailName: String?
    public var replyTo: String?
    /// IANA zone of recipients that have none of their own.
    public var timeZone: String
    /// Country calling code for national numbers, such as `+86`.
    public var defaultCountry: String?
    public var defaultLocale: String
    /// Literal texts by country prefix (`+86`), `""` for the rest: put in front of SMS of classes that need it.
    public var signatures: [String: String]
    /// Likewise by country prefix: put at the end.
    public var optOutPhrases: [String: String]

    public init(
        key: String, smsPools: [String: [String]] = [:], emailFrom: String? = nil, emailName: String? = nil,
        replyTo: String? = nil, timeZone: String, defaultCountry: String? = nil, defaultLocale: String,
        signatures: [String: String] = [:], optOutPhrases: [String: String] = [:]
    ) {
        self.key = key
        self.smsPools = smsPools
        self.emailFrom = emailFrom
        self.emailName = emailName
        self.replyTo = replyTo
        self.timeZone = timeZone
        self.defaultCountry = defaultCountry
        self.defaultLocale = defaultLocale
        self.signatures = signatures
        self.optOutPhrases = optOutPhrases
    }
}

/// One account at a carrier, mail server or HTTP API.
public struct ProviderPolicy: Sendable, Equatable {
    public var name: String
    /// Which transport speaks to it: `sandbox`, `smtp`.
    public var transport: String
    public var channels: [Channel]
    /// Segments per second for the whole cluster; nil: as fast as it answers.
    public var rate: Double?
    /// The rate counts messages, not segments.
    public var ratesMessages = false
    /// Connections (SMPP: binds) at once, of all workers together; nil: as many as each worker's options say.
    public var maxConnections: Int?
    /// Unanswered submissions at once, per worker; 1 or more.
    public var window: Int
    /// How long Admit gives a message to leave (D in the design), and how long Send waits for the answer.
    public var sendWithin: Duration
    public var timeout: Duration
    /// A message that it accepted and said nothing about for so long misses its receipt; nil: 24 h, if its transport brings receipts.
    public var receiptWithin: Duration?
    /// Below this share delivered, of what it reported on, others of the route get nearly all of its messages; nil: it is not judged.
    public var deliveredAtLeast: Double?
    /// Transport-specific keys, each checked by the transport: host, port, user, password_file, tls, path, script, …
    public var options: [String: String]

    public init(
        name: String, transport: String, channels: [Channel], rate: Double? = nil, window: Int = 10,
        sendWithin: Duration = .seconds(5), timeout: Duration = .seconds(30), options: [String: String] = [:]
    ) {
        self.name = name
        self.transport = transport
        self.channels = channels
        self.rate = rate
        self.window = window
        self.sendWithin = sendWithin
        self.timeout = timeout
        self.options = options
    }
}

/// Which providers take what; every condition left out matches all.
public struct Route: Sendable, Equatable {
    /// One provider of a route.
    public struct Choice: Sendable, Equatable {
        public var name: String
        /// Its share of the messages beside the others' weights; 0: only while none of the others is well.
        public var weight: Int
        public init(name: String, weight: Int) {
            self.name = name
            self.weight = weight
        }
    }
    /// How one of several is chosen.
    public enum Rule: String, Sendable, CaseIterable {
        /// By chance, in proportion to the weights.
        case weight
        /// The cheapest for the recipient's number.
        case cost
    }
    /// Never empty.
    public var providers: [Choice]
    public var choice: Rule
    public var channel: Channel?
    public var classes: [String]
    /// E.164 prefixes (`+86`), mail domains, or whole addresses; empty: all.
    public var prefixes: [String]
    public var sender: String?

    public init(
        providers: [Choice], choice: Rule = .weight, channel: Channel? = nil, classes: [String] = [], prefixes: [String] = [],
        sender: String? = nil
    ) {
        self.providers = providers
        self.choice = choice
        self.channel = channel
        self.classes = classes
        self.prefixes = prefixes
        self.sender = sender
    }

    /// A route with one provider.
    public init(
        provider: String, channel: Channel? = nil, classes: [String] = [], prefixes: [String] = [],
        sender: String? = nil
    ) {
        self.init(
            providers: [Choice(name: provider, weight: 1)], channel: channel, classes: classes, prefixes: prefixes, sender: sender
        )
    }
}

/// What one segment (or mail) costs.
public struct Price: Sendable, Equatable {
    public var provider: String
    /// E.164 prefix; empty: all. The longest match counts.
    public var prefix: String
    /// Millionths of `currency` per segment.
    public var micros: Int64
    /// ISO 4217.
    public var currency: String
    /// Valid from this instant on; nil: always has been.
    public var from: Timestamp?
    /// Valid until before this instant; nil: for good.
    public var until: Timestamp?
    public init(
        provider: String, prefix: String, micros: Int64, currency: String, from: Timestamp? = nil, until: Timestamp? = nil
    ) {
        self.provider = provider
        self.prefix = prefix
        self.micros = micros
        self.currency = currency
        self.from = from
        self.until = until
    }

    public func isValid(at instant: Timestamp) -> Bool {
        (from.map { $0 <= instant } ?? true) && (until.map { instant < $0 } ?? true)
    }
}

/// Words that must not pass unnoticed, matched on the rendered, NFKC-folded text without regard to case.
public struct WordList: Sendable, Equatable {
    public enum Action: String, Sendable, CaseIterable { case block, hold, warn }
    public var name: String
    public var action: Action
    public var words: [String]
    /// E.164 prefixes it applies to; empty: all.
    public var prefixes: [String]
    /// Providers it applies to; empty: all.
    public var providers: [String]
    public init(name: String, action: Action, words: [String], prefixes: [String] = [], providers: [String] = []) {
        self.name = name
        self.action = action
        self.words = words
        self.prefixes = prefixes
        self.providers = providers
    }
}
