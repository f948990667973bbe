import Postgres

/// What a worker sees of one provider.
public struct ProviderSeen: Sendable, Equatable {
    public var provider: String
    /// `closed`, `open`, `half_open`, `unusable`.
    public var circuit: String
    public var reason: String?
    /// Answers a second.
    public var accepted: Double
    public var failed: Double
    public var throttled: Double
    public var refused: Double
    public var latency: Duration
    public var unanswered: Int
    public var waiting: Int

    /// False: nothing has happened there lately.
    public var isWorthTelling: Bool {
        circuit != "closed" || unanswered + waiting > 0 || accepted + failed + throttled + refused > 0
    }

    public init(
        provider: String, circuit: String, reason: String?, accepted: Double, failed: Double, throttled: Double, refused: Double,
        latency: Duration, unanswered: Int, waiting: Int
    ) {
        self.provider = provider
        self.circuit = circuit
        self.reason = reason
        self.accepted = accepted
        self.failed = failed
        self.throttled = throttled
        self.refused = refused
        self.latency = latency
        self.unanswered = unanswered
        self.waiting = waiting
    }
}

extension ProviderSeen {
    /// One that this worker cannot open.
    public init(unusable provider: String, _ reason: String) {
        self.init(
            provider: provider, circuit: "unusable", reason: reason, accepted: 0, failed: 0, throttled: 0, refused: 0,
            latency: .zero, unanswered: 0, waiting: 0)
    }
}
