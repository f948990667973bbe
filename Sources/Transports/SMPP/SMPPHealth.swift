import Domain

extension SetupFailure {
    /// nil: it ended as it should.
    init?(_ end: SMPPEnd, cause: SetupFailure?, _ overrides: [SMPPStatus: SMPPStatusClass]) {
        switch end {
        case .unbound: return nil
        case .refused(let status):
            let meaning = SMPPClassification(status, overrides)
            let remedy = meaning.statusClass == .configuration ? "; check system_id, password_file, system_type and bind" : ""
            self.init(
                end.code, "the bind was refused: \(meaning.detail)\(remedy)",
                isConfiguration: meaning.statusClass == .configuration, throttled: meaning.statusClass == .throttled)
        default: self = cause ?? Self(end.code, "\(end)")
        }
    }
}

/// When a bind that was lost or refused is tried again: doubling from 1 s to 60 s with full jitter; from 1 to 15 min when the
/// account is wrong, for a loop of wrong passwords gets accounts locked.
struct SMPPBackoff: Sendable {
    private var failures = 0
    private let random: @Sendable () -> Double

    /// `random`: uniform in 0…1.
    init(random: @escaping @Sendable () -> Double = { .random(in: 0...1) }) { self.random = random }

    mutating func pause(isConfiguration: Bool) -> Duration {
        let doublings = Double(1 << min(failures, 10))
        failures += 1
        return .seconds(
            isConfiguration ? min(900, 60 * doublings) * (0.5 + random() / 2) : max(0.05, min(60, doublings) * random()))
    }

    /// It answered a submit, or stood for a minute: a bind alone forgets nothing, for some carriers take it and hang up.
    mutating func worked() { failures = 0 }
}

/// What an account does when its carrier says "slower" (S6): it pauses, 1 s to 60 s by doubling, and goes on with one submit; only
/// when that is answered otherwise all others follow.
struct SMPPThrottle: Sendable {
    private(set) var pausedUntil: ContinuousClock.Instant?
    /// What was said last.
    private(set) var failure: Failure?
    private var level = 0
    private let random: @Sendable () -> Double

    init(random: @escaping @Sendable () -> Double = { .random(in: 0...1) }) { self.random = random }

    /// True when this began a pause. Answers to submits that were on their way already say nothing new.
    mutating func refused(_ failure: Failure, isConfiguration: Bool = false, now: ContinuousClock.Instant) -> Bool {
        if let pausedUntil, now < pausedUntil { return false }
        let doublings = Double(1 << min(level, 10))
        level += 1
        self.failure = failure
        pausedUntil =
            now + .seconds(isConfiguration ? min(900, 60 * doublings) : min(60, doublings * (1 + random() / 2)))
        return true
    }

    /// An answer that was no refusal. One that was on its way when the pause began does not end it.
    mutating func answered(now: ContinuousClock.Instant) {
        guard let pausedUntil, now >= pausedUntil else { return }
        self.pausedUntil = nil
        failure = nil
        level = 0
    }

    /// How many submits may leave now, of `free` places.
    func allowed(_ free: Int, unanswered: Int, now: ContinuousClock.Instant) -> Int {
        guard let pausedUntil else { return free }
        if now < pausedUntil { return 0 }
        return unanswered == 0 ? min(1, free) : 0
    }

    /// What to tell a message that cannot wait; nil: there is no pause.
    func refusal(now: ContinuousClock.Instant) -> Failure? {
        guard let pausedUntil, now < pausedUntil, var failure else { return nil }
        failure.countsAttempt = false
        failure.retryAfter = pausedUntil - now
        return failure
    }
}
