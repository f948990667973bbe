/// What becomes of a message after an attempt: the arithmetic of retries and doubt, without I/O and without a clock.
public enum Disposition: Sendable, Equatable {
    case accepted
    /// Try again `after` this pause; `countedAttempts` and `resends` are the counters it goes on with.
    case retry(after: Duration, reason: String, countedAttempts: Int, resends: Int)
    case expired
    case dead(DeadLetterReason)

    /// The counters that travel with a message through ready, leased and due.
    public struct Counters: Sendable, Equatable {
        /// Number of the attempt that was just made.
        public var attempt: Int
        /// Attempts of this series that counted, this one not included.
        public var countedAttempts: Int
        /// Times it was sent again while in doubt.
        public var resends: Int
        public init(attempt: Int, countedAttempts: Int, resends: Int) {
            self.attempt = attempt
            self.countedAttempts = countedAttempts
            self.resends = resends
        }
    }

    /// - Parameters:
    ///   - remaining: time to live that is left.
    ///   - jitter: 0 ..< 1, from a random source.
    public static func after(
        _ outcome: Outcome, of policy: ClassPolicy, counters: Counters, remaining: Duration, jitter: @autoclosure () -> Double
    ) -> Disposition {
        switch outcome {
        case .accepted:
            return .accepted
        case .rejected(let failure):
            return .dead(.rejected(failure))
        case .deferred(let failure):
            // What may have arrived by an earlier try is not `expired`, it is in doubt.
            let hasUnknownOutcome = counters.resends > 0
            let countedAttempts = counters.countedAttempts + (failure.countsAttempt ? 1 : 0)
            if countedAttempts >= policy.retry.attempts { return .dead(.attemptsExhausted(countedAttempts, failure)) }
            let pause =
                failure.isUnreachable
                ? unreachablePause * (0.5 + jitter() / 2)
                : max(policy.retry.delay(after: max(countedAttempts, 1), jitter: jitter()), failure.retryAfter ?? .zero)
            if pause >= remaining, hasUnknownOutcome {
                return .dead(.inDoubt(unsent: "its time to live ended before it could be sent again"))
            }
            if pause >= remaining { return policy.keepsExpired ? .dead(.expired(failure)) : .expired }
            return .retry(
                after: pause, reason: failure.throttled ? "throttled" : "retry", countedAttempts: countedAttempts,
                resends: counters.resends)
        case .unknown:
            return afterDoubt(of: policy, counters: counters, remaining: remaining, jitter: jitter())
        }
    }

    /// A message that did not reach its provider may go by another one soon; if there is none the provider's circuit holds it back.
    static let unreachablePause = Duration.seconds(3)

    /// An attempt without a known answer, or a worker that died with one.
    public static func afterDoubt(
        of policy: ClassPolicy, counters: Counters, remaining: Duration, jitter: @autoclosure () -> Double
    ) -> Disposition {
        guard policy.unknownOutcome != .hold, counters.resends < policy.resends else {
            return .dead(.inDoubt(resends: counters.resends))
        }
        let pause = policy.retry.delay(after: 1, jitter: jitter())
        // Inside the time to live or not at all; what may have arrived is not `expired`, it is in doubt.
        guard pause < remaining else { return .dead(.inDoubt(unsent: "its time to live ended before it could be sent again")) }
        return .retry(after: pause, reason: "resend", countedAttempts: counters.countedAttempts, resends: counters.resends + 1)
    }
}

extension RetrySchedule {
    /// Pause after the n-th try that counted (1 or more): full jitter between `base` and base · 2ⁿ⁻¹, at most `limit`.
    public func delay(after tries: Int, jitter: Double) -> Duration {
        let doublings = min(max(tries - 1, 0), 30)
        let ceiling = min(limit, base * (1 << doublings) * 2)
        guard ceiling > base else { return base }
        return base + (ceiling - base) * jitter
    }
}

/// Why a message will not be tried again without a human: a stable code, a sentence, and what to do.
public struct DeadLetterReason: Sendable, Equatable {
    public var code: String
    public var explanation: String
    public var remedy: String

    public init(code: String, explanation: String, remedy: String) {
        self.code = code
        self.explanation = explanation
        self.remedy = remedy
    }

    public static func rejected(_ failure: Failure) -> Self {
        let remedy =
            switch failure.blame {
            case .recipient: "Correct the recipient's address in the calling service and enqueue again; discard this one."
            case .sender: "Check the sender's registration and rights at the provider, then requeue."
            case .content: "Correct the template or the variables (requeue takes edited variables)."
            case .provider, .martlet: "Look at the provider's answer; requeue with another provider if it will not change."
            }
        return Self(
            code: "rejected_\(failure.blame.rawValue)",
            explanation: "The provider refused it: \(failure.code): \(failure.detail)", remedy: remedy)
    }

    static func attemptsExhausted(_ attempts: Int, _ failure: Failure) -> Self {
        Self(
            code: "attempts_exhausted",
            explanation:
                "\(attempts) attempts were made, as many as its class allows; the last answer was \(failure.code): \(failure.detail)",
            remedy: "When the provider works again, requeue it; it gets a new time to live and a new series of attempts.")
    }

    /// Of a class that keeps what has expired.
    public static func expired(_ failure: Failure?) -> Self {
        let last = failure.map { "; the last answer was \($0.code): \($0.detail)" } ?? ""
        return Self(
            code: "expired", explanation: "Its time to live ended before it could be sent\(last).",
            remedy: "When it can be sent again, requeue it; it gets a new time to live and a new series of attempts.")
    }

    public static let inDoubt = Self(
        code: "in_doubt",
        explanation:
            "It may or may not have reached the recipient: the provider's answer never came, and its class does not send twice.",
        remedy: "Look for it at the provider. Discard it if it arrived; requeue it with --may-duplicate if it did not.")

    /// In doubt after it was sent again so often.
    public static func inDoubt(resends: Int) -> Self {
        guard resends > 0 else { return inDoubt }
        return Self(
            code: "in_doubt",
            explanation:
                "It may or may not have reached the recipient: it was sent \(resends + 1) times, as often as its class allows, and the provider's answer never came.",
            remedy: inDoubt.remedy)
    }

    /// In doubt, and what would have been sent again was not, for a reason that has nothing to do with the doubt.
    public static func inDoubt(unsent why: String) -> Self {
        Self(
            code: "in_doubt",
            explanation:
                "It may or may not have reached the recipient: the provider's answer to an earlier try never came. It was not sent again, because \(why).",
            remedy:
                "Look for it at the provider. Discard it if it arrived; requeue it with --may-duplicate if it did not and must.")
    }

    public static func poison(workerCrashes: Int) -> Self {
        Self(
            code: "poison", explanation: "\(workerCrashes) workers died while they had this message.",
            remedy: "Read the workers' logs of those times before you requeue it: it may kill the next one.")
    }

    public static func tooManyAttempts(_ attempts: Int) -> Self {
        Self(
            code: "too_many_attempts", explanation: "\(attempts) attempts were made; a message has no more.",
            remedy: "Find out why its provider defers it each time; then discard it, and have the service enqueue it again.")
    }

    public static let bodyMissing = Self(
        code: "body_missing", explanation: "The queue had the message, but its body is not in martlet_data.messages.",
        remedy: "Somebody removed rows or a partition by hand. Discard it, and have the service enqueue it again.")

    public static func unroutable(_ channel: Channel) -> Self {
        Self(
            code: "no_route",
            explanation: "No route of the policy leads its channel \(channel), class and address to a provider.",
            remedy: "Add a route and apply the policy, then requeue.")
    }
}
