/// What a provider answered to one attempt.
public enum Outcome: Sendable, Equatable, Codable {
    /// It took the message; `reference` is its own id for it.
    case accepted(reference: String?)
    /// Certainly not taken; another try may succeed.
    case deferred(Failure)
    /// Certainly not taken; another try of the same will fail too.
    case rejected(Failure)
    /// It is not known whether it was taken (see *Doubt* in the policies).
    case unknown(Failure)

    public var failure: Failure? {
        switch self {
        case .accepted: nil
        case .deferred(let failure), .rejected(let failure), .unknown(let failure): failure
        }
    }

    /// The word in receipts, logs and metrics.
    public var name: String {
        switch self {
        case .accepted: "accepted"
        case .deferred: "deferred"
        case .rejected: "rejected"
        case .unknown: "unknown"
        }
    }
}

/// Why an attempt was not accepted.
public struct Failure: Sendable, Equatable, Codable {
    /// Who has to change something before it can work.
    public enum Blame: String, Sendable, Codable { case recipient, sender, content, provider, martlet }

    /// Stable and short, for filters and counters: `smtp_550_5.1.1`, `connect_refused`, `throttled`.
    public var code: String
    /// The provider's own words or ours, at most 500 characters, no message text and no secret.
    public var detail: String
    public var blame: Blame
    /// The provider asked for this pause, or nil.
    public var retryAfter: Duration?
    /// False when the try must not count against the class's attempts (throttling, no connection, deadline before the first byte).
    public var countsAttempt: Bool
    /// True when the provider as a whole said "slower": the account pauses, not only this message.
    public var throttled: Bool
    /// True when the address itself is bad (hard bounce): it goes to the suppressions.
    public var suppressesAddress: Bool
    /// What it is suppressed for: a class, `all_except_otp`, `all`; nil: `all`, because it is dead.
    public var suppressedScope: String?

    /// Parked events are stored with these names.
    private enum CodingKeys: String, CodingKey {
        case code, detail, blame, retryAfter, throttled, suppressesAddress, suppressedScope
        case countsAttempt = "burnsAttempt"
    }

    /// The provider as a whole could not be asked: no connection, no login.
    public var isUnreachable: Bool { blame == .provider && !countsAttempt && !throttled }

    public init(
        code: String, detail: String, blame: Blame, retryAfter: Duration? = nil, countsAttempt: Bool = true,
        throttled: Bool = false, suppressesAddress: Bool = false, suppressedScope: String? = nil
    ) {
        self.code = code
        self.detail = detail.count > 500 ? String(detail.prefix(500)) : detail
        self.blame = blame
        self.retryAfter = retryAfter
        self.countsAttempt = countsAttempt
        self.throttled = throttled
        self.suppressesAddress = suppressesAddress
        self.suppressedScope = suppressedScope
    }
}
