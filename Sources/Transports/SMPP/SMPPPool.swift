import Callbacks
import Domain
import Logging
import NIOCore
import NIOSSL

/// The binds of one provider and what waits for them. Lives on one event loop.
///
/// Every entry (work, octets, a timer) is a `turn`: it changes what it must, then free places are filled, then each bind writes once and
/// each submitter gets its results at once. Nothing is done per message beyond that.
final class SMPPPool: @unchecked Sendable {
    // @unchecked: only touched on `eventLoop`.
    let options: SMPPOptions
    let eventLoop: any EventLoop
    let tls: NIOSSLContext?
    let logger: Logger
    let receiver: SMPPReceiver
    let inbox: SMPPInbox
    /// Urgent ones first, each in order of arrival.
    private var urgent = CircularBuffer<SMPPJob>()
    private var queue = CircularBuffer<SMPPJob>()
    /// Their carrier's queue was full; they come back by a timer.
    private var delayed: [ObjectIdentifier: SMPPJob] = [:]
    private var touched: [SMPPResults] = []
    private(set) var outstanding = 0
    private var throttle = SMPPThrottle()
    private var expiry: (at: ContinuousClock.Instant, timer: Scheduled<Void>)?
    private var resumption: Scheduled<Void>?
    private var turns = 0
    // The binds: SMPPBinds.swift.
    var binds: [SMPPBindSlot] = []
    var isStarted = false
    /// Of all modes together; nil: as many as the options say.
    var bindLimit: Int?
    var lastFailure: SetupFailure?
    /// Why no more work is taken; nil: it is.
    private var end: Failure?
    var isDraining: Bool { end != nil }
    var drainWaiters: [CheckedContinuation<Void, Never>] = []

    init(
        _ options: SMPPOptions, tls: NIOSSLContext?, eventLoop: any EventLoop, logger: Logger, events: any ProviderEventSink
    ) {
        self.options = options
        self.tls = tls
        self.eventLoop = eventLoop
        self.logger = logger
        receiver = SMPPReceiver(
            provider: options.provider, alphabet: options.account.alphabet, states: options.account.receiptStates)
        bindLimit = options.sharesBinds ? 0 : nil
        inbox = SMPPInbox(events, eventLoop: eventLoop, logger: logger)
        inbox.written = { [weak self] in self?.turn {} }
    }

    /// Runs on the event loop; see above.
    func turn(_ change: () -> Void) {
        turns += 1
        change()
        turns -= 1
        guard turns == 0 else { return }
        pump()
        for bind in binds { bind.connection?.flush() }
        while let results = touched.popLast() { results.flush() }
        resumeDrained()
    }

    // MARK: work in

    func take(_ jobs: [SMPPJob]) {
        turn {
            start()
            let now = ContinuousClock.now
            let refusal = end ?? bindRefusal(now: now)
            for job in jobs {
                outstanding += 1
                if let refusal {
                    finish(job, .deferred(refusal))
                } else if outstanding > options.window {
                    finish(job, .deferred(.windowFull(options.window)))
                } else if let pause = throttle.refusal(now: now), waitsInVain(job) {
                    finish(job, .deferred(pause))
                } else {
                    if job.submission.isUrgent { urgent.append(job) } else { queue.append(job) }
                    expire(at: job.limit)
                }
            }
        }
    }

    private func waitsInVain(_ job: SMPPJob) -> Bool { throttle.pausedUntil.map { job.limit <= $0 } ?? false }

    private func pump() {
        guard !urgent.isEmpty || !queue.isEmpty else { return }
        let now = ContinuousClock.now
        var allowed = throttle.allowed(.max, unanswered: binds.reduce(0) { $0 + $1.unanswered }, now: now)
        while allowed > 0, let bind = freest(), let job = nextJob(now) {
            while allowed > 0, bind.free > 0, let part = job.waiting.popLast() {
                job.tally.sent(part)
                job.began = job.began ?? now
                bind.connection?.submit(SMPPTicket(job: job, part: part), now: now)
                allowed -= 1
            }
            if job.waiting.isEmpty { removeFirst() }
        }
    }

    private func removeFirst() {
        if urgent.isEmpty { queue.removeFirst() } else { urgent.removeFirst() }
    }

    /// The bind with most places; parts of one text go over the same where they can.
    private func freest() -> SMPPBindSlot? {
        if binds.count == 1 { return binds[0].free > 0 ? binds[0] : nil }
        guard let best = binds.max(by: { $0.free < $1.free }), best.free > 0 else { return nil }
        return best
    }

    /// The first job that has a part to send; those that are done or late leave the queue. The job stays first until all its parts left.
    private func nextJob(_ now: ContinuousClock.Instant) -> SMPPJob? {
        while let job = urgent.first ?? queue.first {
            if !job.isDone, !job.isDelayed, !job.waiting.isEmpty, !job.tally.hasFailed {
                if now < job.limit { return job }
                giveUp(job, .deadlinePassed)
            }
            removeFirst()
        }
        return nil
    }

    /// Its unsent parts stay unsent. What is on its way is awaited.
    private func giveUp(_ job: SMPPJob, _ reason: Failure) {
        job.waiting = []
        job.tally.reason = reason
        settle(job)
    }

    /// Before all others: throttled, or the carrier's queue was full.
    private func putBack(_ job: SMPPJob) {
        guard !job.isDone else { return }
        let isQueued = job.submission.isUrgent ? urgent.first === job : queue.first === job
        if !isQueued { if job.submission.isUrgent { urgent.prepend(job) } else { queue.prepend(job) } }
        expire(at: job.limit)
    }

    /// Answers what waits in vain, when its time is over.
    private func expire(at instant: ContinuousClock.Instant) {
        if let expiry, expiry.at <= instant { return }
        expiry?.timer.cancel()
        let timer = eventLoop.scheduleTask(in: TimeAmount(max(.zero, instant - .now))) {
            self.expiry = nil
            self.turn { self.sweep(.deadlinePassed) { $0.limit <= .now } }
            let waiting = (Array(self.urgent) + Array(self.queue)).filter { !$0.isDone }
            if let next = waiting.map(\.limit).min() { self.expire(at: next) }
        }
        expiry = (instant, timer)
    }

    /// Gives up what is queued and meets the condition.
    func sweep(_ reason: Failure, where isHopeless: (SMPPJob) -> Bool) {
        let late = (Array(urgent) + Array(queue)).filter { !$0.isDone && isHopeless($0) }
        guard !late.isEmpty else { return }
        let gone = Set(late.map { ObjectIdentifier($0) })
        urgent.removeAll { gone.contains(ObjectIdentifier($0)) }
        queue.removeAll { gone.contains(ObjectIdentifier($0)) }
        for job in late { giveUp(job, reason) }
    }

    // MARK: answers

    func answered(_ ticket: SMPPTicket, _ answer: SMPPAnswer) {
        let job = ticket.job
        let now = ContinuousClock.now
        if case .response(let status, _) = answer, status != .ok {
            let meaning = SMPPClassification(status, options.account.statuses)
            switch meaning.statusClass {
            case .throttled:
                if throttled(meaning.outcome, ticket, now: now) { return }
            case .configuration: pause(meaning, isConfiguration: true, now: now)
            case .queueFull:
                throttle.answered(now: now)
                if queueFull(ticket, now: now) { return }
            default: throttle.answered(now: now)
            }
        } else if case .response = answer {
            throttle.answered(now: now)
        }
        job.tally.answered(ticket.part, Self.outcome(answer, options.account.statuses))
        settle(job)
    }

    static func outcome(_ answer: SMPPAnswer, _ overrides: [SMPPStatus: SMPPStatusClass]) -> Outcome {
        switch answer {
        case .response(.ok, let id): .accepted(reference: id.flatMap { $0.isEmpty ? nil : $0 })
        case .response(let status, _): SMPPClassification(status, overrides).outcome
        case .noAnswer: .unknown(.noAnswer)
        case .unwritten(let end):
            .deferred(
                Failure(
                    code: end.code, detail: "\(end); nothing of the message was written", blame: .provider, countsAttempt: false))
        case .lost(let end): .unknown(Failure(code: end.code, detail: "handed over, then: \(end)", blame: .provider))
        }
    }

    /// The account pauses and goes on with this message; true when it waits for that.
    private func throttled(_ outcome: Outcome, _ ticket: SMPPTicket, now: ContinuousClock.Instant) -> Bool {
        guard let failure = outcome.failure else { return false }
        let isNew = throttle.refused(failure, now: now)
        if isNew { paused(failure, now: now) }
        let job = ticket.job
        job.tally.returned(ticket.part)
        guard !isDraining, !job.tally.hasFailed, !waitsInVain(job), now < job.limit else {
            job.tally.sent(ticket.part)
            var answer = failure
            answer.retryAfter = throttle.pausedUntil.map { max(.zero, $0 - now) }
            job.tally.answered(ticket.part, .deferred(answer))
            settle(job)
            return true
        }
        job.waiting.append(ticket.part)
        putBack(job)
        return true
    }

    /// Every message would be answered like this: the account, or its options.
    private func pause(_ meaning: SMPPClassification, isConfiguration: Bool, now: ContinuousClock.Instant) {
        guard let failure = meaning.outcome.failure,
            throttle.refused(failure, isConfiguration: isConfiguration, now: now)
        else { return }
        logger.error(
            "the carrier refuses the account's submits; it pauses",
            metadata: ["code": "\(failure.code)", "detail": "\(failure.detail)"])
        paused(failure, now: now)
    }

    private func paused(_ failure: Failure, now: ContinuousClock.Instant) {
        guard let until = throttle.pausedUntil else { return }
        var answer = failure
        answer.countsAttempt = false
        answer.retryAfter = until - now
        sweep(answer) { $0.limit <= until }
        resumption?.cancel()
        resumption = eventLoop.scheduleTask(in: TimeAmount(until - now)) { self.turn {} }
    }

    /// Up to four tries of this message, with growing pauses; then it goes to the back of the line.
    private func queueFull(_ ticket: SMPPTicket, now: ContinuousClock.Instant) -> Bool {
        let job = ticket.job
        job.fullQueues += 1
        let pause = Duration.milliseconds(Double(250 << min(job.fullQueues, 5)) * Double.random(in: 0.75...1.25))
        job.tally.returned(ticket.part)
        guard job.fullQueues < 4, !isDraining, !job.tally.hasFailed, now + pause < job.limit else {
            job.tally.sent(ticket.part)
            return false
        }
        job.waiting.append(ticket.part)
        job.isDelayed = true
        delayed[ObjectIdentifier(job)] = job
        eventLoop.scheduleTask(in: TimeAmount(pause)) {
            job.isDelayed = false
            guard self.delayed.removeValue(forKey: ObjectIdentifier(job)) != nil else { return }
            self.turn { self.putBack(job) }
        }
        return true
    }

    private func settle(_ job: SMPPJob) {
        guard !job.isDone, let outcome = job.tally.outcome else { return }
        finish(job, outcome)
        guard case .unknown = outcome else { return }
        // Receipts of the parts that were accepted must find their message all the same.
        for (part, id) in job.tally.acceptedIDs { evidence(SMPPTicket(job: job, part: part), .accepted(reference: id)) }
    }

    private func finish(_ job: SMPPJob, _ outcome: Outcome) {
        job.isDone = true
        job.waiting = []
        outstanding -= 1
        let submission = job.submission
        let result = SubmissionResult(
            messageID: submission.messageID, attempt: submission.attempt, outcome: outcome,
            latency: .now - (job.began ?? job.queued))
        if job.results.add(result) { touched.append(job.results) }
    }

    /// What is known beyond the result.
    func evidence(_ ticket: SMPPTicket, _ outcome: Outcome) {
        let submission = ticket.job.submission
        inbox.add(
            .response(
                LateResponse(
                    provider: options.provider, messageID: submission.messageID, attempt: submission.attempt,
                    part: ticket.part + 1,
                    parts: ticket.job.bodies.count, outcome: outcome)), from: nil)
    }

    // MARK: the end

    func retract(_ failure: Failure) { turn { giveBackUnwritten(failure) } }

    private func giveBackUnwritten(_ failure: Failure) {
        sweep(failure) { _ in true }
        for job in delayed.values { giveUp(job, failure) }
        delayed = [:]
    }

    func drain(_ waiter: CheckedContinuation<Void, Never>, _ failure: Failure) {
        turn {
            end = end ?? failure
            drainWaiters.append(waiter)
            giveBackUnwritten(failure)
            drainBinds()
        }
    }

    private func resumeDrained() {
        guard isDraining, outstanding == 0, binds.allSatisfy(\.isClosed), inbox.isIdle else { return }
        expiry?.timer.cancel()
        resumption?.cancel()
        for waiter in drainWaiters { waiter.resume() }
        drainWaiters = []
    }
}
