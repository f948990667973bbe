import Domain

/// Whether a provider can be reached, shared by all its messages: while it is down no connection is tried, and every message is told
/// when to come back.
///
/// Reaching for a dead server doubles from 1 s to 60 s, a wrong password from 1 min to 15 min. Jitter keeps a cluster's
/// workers apart.
struct ProviderHealth: Sendable {
    private(set) var failures = 0
    private(set) var downUntil: ContinuousClock.Instant?
    private(set) var reason: SetupFailure?
    private let random: @Sendable () -> Double

    /// `random`: uniform in 0…1.
    init(random: @escaping @Sendable () -> Double = { .random(in: 0...1) }) { self.random = random }

    /// What to answer while the provider is down; nil: it may be tried.
    func refusal(now: ContinuousClock.Instant) -> Failure? {
        guard let downUntil, let reason, now < downUntil else { return nil }
        var failure = reason.failure
        failure.countsAttempt = false
        failure.retryAfter = downUntil - now
        return failure
    }

    var isDown: Bool { reason != nil }

    /// What to answer while one message tries whether it is up again.
    var meanwhile: Failure? {
        guard var failure = reason?.failure else { return nil }
        failure.countsAttempt = false
        failure.retryAfter = .seconds(1)
        return failure
    }

    /// True when the provider was up until now.
    mutating func failed(_ failure: SetupFailure, now: ContinuousClock.Instant) -> Bool {
        let wasUp = reason == nil
        let doublings = Double(1 << min(failures, 10))
        failures += 1
        reason = failure
        // Full jitter, but never at once: a refused connection costs the server nothing, a loop costs us everything.
        let pause =
            failure.isConfiguration
            ? min(900, 60 * doublings) * (0.5 + random() / 2) : max(0.05, min(60, doublings) * random())
        downUntil = now + .seconds(pause)
        return wasUp
    }

    /// True when the provider was down until now. A connection alone forgets no failures: a server that hangs up on the
    /// first message must not be called without end.
    mutating func connected() -> Bool {
        defer { (downUntil, reason) = (nil, nil) }
        return reason != nil
    }

    mutating func answered() { failures = 0 }
}
