import Domain
import Logging
import NIOConcurrencyHelpers
import NIOCore
import NIOPosix

/// A provider that takes everything, or fails as its rules say, and keeps its own log of what it was handed.
///
/// The line is in the outbox before the answer is given, so the log can be held against our tables after any crash. Without
/// latency a whole batch is answered at once, on the caller's thread, by one call of `result`.
final class SandboxTransport: Transport, @unchecked Sendable {
    // @unchecked: `state` is only touched under `lock`.
    let provider: String
    let window: Int
    private let lock = NIOLock()
    private var state: State
    private let logger: Logger
    /// Late answers are timers here.
    private let eventLoop: any EventLoop

    private struct State {
        var script: SandboxScript
        var outbox: Outbox?
        var line = OutboxLine()
        /// Handed over and not yet answered.
        var outstanding = 0
        /// Why no more work is taken; nil: it is.
        var end: Failure?
        var idleWaiters: [CheckedContinuation<Void, Never>] = []
    }

    /// - Throws: `ProviderError`.
    init(_ options: SandboxOptions, logger: Logger) throws {
        provider = options.provider
        window = options.window
        self.logger = logger
        eventLoop = MultiThreadedEventLoopGroup.singleton.next()
        state = State(
            script: try SandboxScript(options),
            outbox: try options.outbox.map { try Outbox(path: $0, provider: options.provider) })
    }

    func submit(_ submissions: [Submission], result: @escaping @Sendable ([SubmissionResult]) -> Void) {
        var ready: [SubmissionResult] = []
        ready.reserveCapacity(submissions.count)
        var late: [Duration: [SubmissionResult]] = [:]
        lock.withLock {
            var now = ContinuousClock.now
            state.script.refresh(now: now, logger: logger)
            for submission in submissions {
                let (outcome, delay) = handOver(submission, now: now)
                let end = ContinuousClock.now
                var answer = SubmissionResult(
                    messageID: submission.messageID, attempt: submission.attempt, outcome: outcome, latency: end - now)
                if let delay {
                    answer.latency = delay
                    late[delay, default: []].append(answer)
                    state.outstanding += 1
                } else {
                    ready.append(answer)
                }
                now = end
            }
        }
        if !ready.isEmpty { result(ready) }
        for (delay, answers) in late {
            eventLoop.scheduleTask(in: TimeAmount(delay)) {
                result(answers)
                self.settle(answers.count)
            }
        }
    }

    func run() async throws {
        let (endless, continuation) = AsyncStream<Never>.makeStream()
        for await _ in endless {}
        continuation.finish()
        await drain()
    }

    /// Nothing waits here: what is submitted is written at once.
    func retract(_ why: String) {}

    func drain(_ why: String) async {
        await withCheckedContinuation { (waiter: CheckedContinuation<Void, Never>) in
            let isIdle = lock.withLock {
                state.end = state.end ?? .notSent(why)
                if state.outstanding > 0 { state.idleWaiters.append(waiter) }
                return state.outstanding == 0
            }
            if isIdle { waiter.resume() }
        }
    }

    private func settle(_ count: Int) {
        let waiters = lock.withLock { () -> [CheckedContinuation<Void, Never>] in
            state.outstanding -= count
            guard state.outstanding == 0 else { return [] }
            defer { state.idleWaiters = [] }
            return state.idleWaiters
        }
        for waiter in waiters { waiter.resume() }
    }

    /// Decides, writes the line, and says what to answer and after how long (nil: at once). Called under the lock.
    private func handOver(_ submission: Submission, now: ContinuousClock.Instant) -> (Outcome, Duration?) {
        if let end = state.end { return (.deferred(end), nil) }
        if now >= submission.sendBy { return (.deferred(.deadlinePassed), nil) }
        if state.outstanding >= window { return (.deferred(.windowFull(window)), nil) }
        guard let rule = state.script.rules.rule(for: submission.to) else {
            return (write(submission, .accept), nil)
        }
        let answer = rule.choose()
        if answer == .down { return (.deferred(.sandboxDown), nil) }
        let outcome = write(submission, answer)
        let patience = max(.zero, submission.answerBy - now)
        let delay: Duration? =
            switch rule.delay {
            case .none: answer == .lose ? patience : nil
            case .latency(let range): answer == .lose ? patience : range.random()
            case .slow: answer == .lose ? patience : patience * 0.9
            }
        if let delay, delay > patience { return (.unknown(.noAnswer), patience) }
        return (outcome, delay)
    }

    private func write(_ submission: Submission, _ answer: SandboxRules.Answer) -> Outcome {
        let (outcome, word) = answer.outcome(for: submission)
        guard let outbox = state.outbox else { return outcome }
        var reference: String?
        if case .accepted(let given) = outcome { reference = given }
        state.line.build(submission, provider: provider, answer: word, code: outcome.failure?.code, reference: reference)
        guard let cause = outbox.append(state.line.bytes) else { return outcome }
        return .deferred(
            Failure(code: "outbox_write_failed", detail: "sandbox outbox: \(cause)", blame: .provider, countsAttempt: false))
    }
}

extension SandboxRules.Answer {
    /// The outcome and the word for it in the outbox.
    fileprivate func outcome(for submission: Submission) -> (Outcome, StaticString) {
        switch self {
        case .accept:
            return (.accepted(reference: "sandbox-\(submission.messageID.rawValue)-\(submission.attempt)"), "accepted")
        case .lose:
            return (.unknown(.noAnswer), "lost")
        case .down:
            return (.deferred(.sandboxDown), "down")
        case .throttle(let pause):
            return (
                .deferred(
                    Failure(
                        code: "throttled", detail: "sandbox rule: slower", blame: .provider, retryAfter: pause,
                        countsAttempt: false, throttled: true)), "throttled"
            )
        case .defer(let code, let retryAfter):
            return (
                .deferred(Failure(code: code, detail: "sandbox rule: defer", blame: .provider, retryAfter: retryAfter)),
                "deferred"
            )
        case .reject(let code, let suppress):
            return (
                .rejected(
                    Failure(code: code, detail: "sandbox rule: reject", blame: .recipient, suppressesAddress: suppress)),
                "rejected"
            )
        }
    }
}

extension Failure {
    fileprivate static let sandboxDown = Failure(
        code: "connect_refused", detail: "sandbox rule: down", blame: .provider, retryAfter: .seconds(1), countsAttempt: false)
}

extension ClosedRange<Duration> {
    fileprivate func random() -> Duration {
        lowerBound + .microseconds(Int64.random(in: 0...(upperBound - lowerBound).microseconds))
    }
}
