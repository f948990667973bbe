import Domain
import Testing

@testable import Pipeline

@Suite("A provider's circuit")
struct BreakerTests {
    private static let start = ContinuousClock.now
    private static func at(_ seconds: Double) -> ContinuousClock.Instant { start + .seconds(seconds) }
    private static let refused = Outcome.deferred(
        Failure(code: "connect_refused", detail: "refused", blame: .provider, countsAttempt: false))
    private static let serverError = Outcome.deferred(Failure(code: "http_503", detail: "busy", blame: .provider))
    private static let badNumber = Outcome.rejected(Failure(code: "no_such_number", detail: "", blame: .recipient))
    private static let silent = Outcome.unknown(Failure(code: "no_answer", detail: "", blame: .provider))
    private static let slower = Outcome.deferred(
        Failure(code: "throttled", detail: "", blame: .provider, countsAttempt: false, throttled: true))
    private static let stopping = Outcome.deferred(Failure(code: "not_sent", detail: "", blame: .martlet, countsAttempt: false))
    private static let accepted = Outcome.accepted(reference: nil)

    private func feed(_ breaker: inout Breaker, _ outcomes: [Outcome], at seconds: Double = 0) -> Int {
        outcomes.count { breaker.answered($0, after: .milliseconds(10), now: Self.at(seconds), jitter: 1) }
    }

    @Test("three in a row that could not be reached open it, once")
    func unreachable() {
        var breaker = Breaker()
        #expect(feed(&breaker, [Self.refused, Self.refused, Self.accepted, Self.refused, Self.refused]) == 0)
        #expect(breaker.allowance(Self.at(0)) == .max)
        #expect(feed(&breaker, [Self.refused, Self.refused, Self.refused]) == 1)
        #expect(breaker.allowance(Self.at(0)) == 0 && breaker.reason == "connect_refused: refused")
    }

    @Test("so do ten answers in a row that are its own fault, or half of twenty")
    func failing() {
        var breaker = Breaker()
        #expect(feed(&breaker, Array(repeating: Self.serverError, count: 9)) == 0)
        #expect(feed(&breaker, [Self.silent]) == 1)
        var half = Breaker()
        let mixed = (0..<20).map { $0 % 2 == 0 ? Self.accepted : Self.silent }
        #expect(feed(&half, Array(mixed.prefix(19))) == 0)
        #expect(feed(&half, [mixed[19]]) == 1)
        var third = Breaker()
        #expect(feed(&third, (0..<60).map { $0 % 3 == 2 ? Self.serverError : Self.accepted }) == 0)
    }

    @Test("bad numbers, throttling and a stopping worker never do", arguments: [badNumber, slower, stopping])
    func notItsFault(_ outcome: Outcome) {
        var breaker = Breaker()
        #expect(feed(&breaker, Array(repeating: outcome, count: 1000)) == 0)
        #expect(breaker.isClosed)
    }

    @Test("silence opens it after three seconds, or five times what answers take; an answer in between begins the wait anew")
    func silence() {
        var breaker = Breaker()
        #expect(breaker.look(oldest: nil, timeout: .seconds(60), now: Self.at(100), jitter: 1) == false)
        #expect(breaker.look(oldest: Self.at(0), timeout: .seconds(60), now: Self.at(2.9), jitter: 1) == false)
        _ = breaker.answered(Self.accepted, after: .milliseconds(10), now: Self.at(2), jitter: 1)
        #expect(breaker.look(oldest: Self.at(0), timeout: .seconds(60), now: Self.at(4.9), jitter: 1) == false)
        #expect(breaker.look(oldest: Self.at(0), timeout: .seconds(60), now: Self.at(5.1), jitter: 1) == true)
        #expect(breaker.reason?.contains("silent") == true)
        var slow = Breaker()
        _ = slow.answered(Self.accepted, after: .seconds(2), now: Self.at(0), jitter: 1)
        #expect(slow.look(oldest: Self.at(0), timeout: .seconds(60), now: Self.at(9.9), jitter: 1) == false)
        #expect(slow.look(oldest: Self.at(0), timeout: .seconds(60), now: Self.at(10.1), jitter: 1) == true)
    }

    @Test("but never later than a third of the time that an answer is awaited")
    func silenceOfSlow() {
        var slow = Breaker()
        _ = slow.answered(Self.accepted, after: .seconds(4), now: Self.at(0), jitter: 1)
        #expect(slow.look(oldest: Self.at(0), timeout: .seconds(12), now: Self.at(3.9), jitter: 1) == false)
        #expect(slow.look(oldest: Self.at(0), timeout: .seconds(12), now: Self.at(4.1), jitter: 1) == true)
    }

    @Test("after a pause one probe goes; a failure doubles the pause up to 30 s, an answer closes it")
    func probes() {
        var breaker = Breaker()
        _ = feed(&breaker, Array(repeating: Self.refused, count: 3))
        var now = 0.0
        for pause in [1.0, 2, 4, 8, 16, 30, 30] {
            #expect(breaker.allowance(Self.at(now + pause - 0.01)) == 0)
            now += pause
            #expect(breaker.allowance(Self.at(now)) == 1)
            breaker.handedOver(Self.at(now))
            #expect(breaker.circuit == .halfOpen)
            #expect(feed(&breaker, [Self.refused], at: now) == 0, "it was open before")
        }
        now += 30
        breaker.handedOver(Self.at(now))
        #expect(feed(&breaker, [Self.badNumber], at: now) == 0)
        #expect(breaker.isClosed && breaker.reason == nil, "it deals with messages again")
    }

    @Test("another worker's open circuit is believed only without evidence of one's own")
    func others() {
        var breaker = Breaker()
        _ = breaker.answered(Self.accepted, after: .milliseconds(10), now: Self.at(0), jitter: 1)
        #expect(breaker.othersFound("refused", now: Self.at(4), jitter: 1) == false)
        #expect(breaker.othersFound("refused", now: Self.at(6), jitter: 1) == true)
        #expect(breaker.allowance(Self.at(6)) == 0)
    }
}
