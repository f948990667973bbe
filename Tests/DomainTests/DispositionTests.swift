import Testing

@testable import Domain

@Suite("What becomes of a message after an attempt")
struct DispositionTests {
    private func policy(_ unknownOutcome: ClassPolicy.UnknownOutcome, resends: Int = 1, attempts: Int = 3) -> ClassPolicy {
        ClassPolicy(
            name: "c", lane: 1, timeToLive: .seconds(3600),
            retry: .init(attempts: attempts, base: .seconds(10), limit: .seconds(100)),
            unknownOutcome: unknownOutcome, resends: resends)
    }
    private func after(
        _ outcome: Outcome, _ policy: ClassPolicy, countedAttempts: Int = 0, resends: Int = 0,
        remaining: Duration = .seconds(3600)
    ) -> Disposition {
        .after(
            outcome, of: policy, counters: .init(attempt: 1, countedAttempts: countedAttempts, resends: resends),
            remaining: remaining, jitter: 0)
    }
    private func failure(burns: Bool = true, after: Duration? = nil, throttled: Bool = false) -> Failure {
        Failure(code: "x", detail: "y", blame: .provider, retryAfter: after, countsAttempt: burns, throttled: throttled)
    }

    @Test("accepted is final, rejected is a dead letter with the provider's reason")
    func ends() {
        #expect(after(.accepted(reference: nil), policy(.hold)) == .accepted)
        #expect(after(.rejected(failure()), policy(.resend)) == .dead(.rejected(failure())))
    }

    @Test("as many tries as the class has, then a dead letter; what burns nothing never ends it")
    func attempts() {
        #expect(
            after(.deferred(failure()), policy(.hold))
                == .retry(after: .seconds(10), reason: "retry", countedAttempts: 1, resends: 0))
        #expect(
            after(.deferred(failure()), policy(.hold), countedAttempts: 1)
                == .retry(after: .seconds(10), reason: "retry", countedAttempts: 2, resends: 0))
        #expect(after(.deferred(failure()), policy(.hold), countedAttempts: 2) == .dead(.attemptsExhausted(3, failure())))
        let throttled = failure(burns: false, throttled: true)
        for countedAttempts in 0...2 {
            #expect(
                after(.deferred(throttled), policy(.hold), countedAttempts: countedAttempts)
                    == .retry(after: .seconds(10), reason: "throttled", countedAttempts: countedAttempts, resends: 0))
        }
    }

    @Test("a provider's pause is kept when it is the longer one; a try that does not fit into the time to live ends it")
    func pauses() {
        #expect(
            after(.deferred(failure(after: .seconds(50))), policy(.hold))
                == .retry(after: .seconds(50), reason: "retry", countedAttempts: 1, resends: 0))
        #expect(after(.deferred(failure(after: .seconds(50))), policy(.hold), remaining: .seconds(50)) == .expired)
        // A class that keeps what has expired leaves it to a human, with the last answer.
        var keeping = policy(.hold)
        keeping.keepsExpired = true
        let last = failure(after: .seconds(50))
        #expect(after(.deferred(last), keeping, remaining: .seconds(50)) == .dead(.expired(last)))
    }

    @Test("what may have arrived is in doubt, not expired, whether or not its class keeps what has expired")
    func expiredInDoubt() {
        var keeping = policy(.resend)
        keeping.keepsExpired = true
        for policy in [policy(.resend), keeping] {
            guard case .dead(let reason) = after(.deferred(failure()), policy, resends: 1, remaining: .seconds(10)) else {
                Issue.record("not a dead letter")
                continue
            }
            #expect(reason.code == "in_doubt")
        }
    }

    @Test(
        "in doubt: as often again as the class allows, never with hold, never beyond the time to live",
        arguments: [
            (ClassPolicy.UnknownOutcome.resend, 0, 3600, true), (.resend, 1, 3600, false), (.query, 0, 3600, true),
            (.query, 1, 3600, false),
            (.hold, 0, 3600, false), (.resend, 0, 10, false),
        ])
    func unknownOutcome(unknownOutcome: ClassPolicy.UnknownOutcome, resends: Int, remaining: Int, again: Bool) {
        let answer = after(
            .unknown(failure()), policy(unknownOutcome, resends: unknownOutcome == .hold ? 0 : 1), countedAttempts: 1,
            resends: resends,
            remaining: .seconds(remaining))
        if again {
            #expect(answer == .retry(after: .seconds(10), reason: "resend", countedAttempts: 1, resends: resends + 1))
            return
        }
        guard case .dead(let reason) = answer else { return #expect(Bool(false), "\(answer)") }
        #expect(reason.code == "in_doubt")
        // It says what was done: nothing was sent twice, or as often as allowed, or there was no time.
        let words =
            unknownOutcome == .hold ? "does not send twice" : remaining < 60 ? "its time to live ended" : "it was sent 2 times"
        #expect(reason.explanation.contains(words), "\(reason.explanation)")
    }

    @Test("pauses double from the base to the limit, with full jitter above the base, and never overflow")
    func schedule() {
        let schedule = RetrySchedule(attempts: 8, base: .seconds(10), limit: .seconds(100))
        #expect((1...6).map { schedule.delay(after: $0, jitter: 0) } == Array(repeating: .seconds(10), count: 6))
        #expect((1...6).map { schedule.delay(after: $0, jitter: 1).inSeconds } == [20, 40, 80, 100, 100, 100])
        #expect(schedule.delay(after: 1000, jitter: 0.5) == .seconds(55))
        #expect(RetrySchedule(attempts: 1, base: .seconds(5), limit: .seconds(5)).delay(after: 3, jitter: 0.9) == .seconds(5))
    }
}
