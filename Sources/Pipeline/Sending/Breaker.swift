import Domain

/// Whether a provider is well, by what it answers and by its silence: a circuit breaker. A value, without a clock of its own.
///
/// Closed until the provider as a whole fails: three times in a row it cannot be reached or logged in to; ten answers in a row, or half of
/// twenty within ten seconds, say that it is its own fault; or nothing is answered although something waits for longer than answers
/// take. Then nothing is handed over for 1 s, doubling to 30 s with jitter; then one message at a time goes as a probe, and the first that
/// the provider deals with closes the circuit. What is a recipient's or a text's fault, and "slower", is an answer of a provider that works.
struct Breaker: Sendable {
    enum Circuit: Sendable, Equatable {
        case closed
        case open(until: ContinuousClock.Instant)
        case halfOpen

        var word: String {
            switch self {
            case .closed: "closed"
            case .open: "open"
            case .halfOpen: "half_open"
            }
        }
    }

    /// What one answer says about the provider.
    enum Sign: Sendable, Equatable {
        case works
        /// It took or refused this one badly.
        case fails
        /// It could not even be asked.
        case unreachable

        /// nil: says nothing about it, such as a message that was not sent because this worker stops.
        init?(_ outcome: Outcome) {
            guard let failure = outcome.failure else {
                self = .works
                return
            }
            switch outcome {
            case .accepted: self = .works
            case .unknown: self = .fails
            case .deferred where ["not_sent", "window_full"].contains(failure.code): return nil
            case .deferred where failure.throttled: self = .works
            case .deferred where !failure.countsAttempt: self = .unreachable
            case .deferred, .rejected: self = failure.blame == .provider ? .fails : .works
            }
        }
    }

    static let unreachableInARow = 3
    static let failuresInARow = 10
    static let sample = 20
    static let window = Duration.seconds(10)
    /// No answer at all for this long, or five times what answers usually take, is silence.
    static let silence = Duration.seconds(3)

    private(set) var circuit = Circuit.closed
    /// What opened it, for people.
    private(set) var reason: String?
    private var unreachable = 0
    private var inARow = 0
    private var counted = 0
    private var failed = 0
    private var countedSince: ContinuousClock.Instant?
    private var pause = Duration.zero
    private var closedAt: ContinuousClock.Instant?
    private(set) var lastWorked: ContinuousClock.Instant?
    private var lastAnswer: ContinuousClock.Instant?
    /// Smoothed over some five answers: the first ones of a new connection are slow.
    private(set) var latency: Duration?

    /// How many may be unanswered now.
    func allowance(_ now: ContinuousClock.Instant) -> Int {
        switch circuit {
        case .closed: .max
        case .open(let until): until <= now ? 1 : 0
        case .halfOpen: 1
        }
    }

    var isClosed: Bool { circuit == .closed }

    /// Something was handed over.
    mutating func handedOver(_ now: ContinuousClock.Instant) {
        if case .open(let until) = circuit, until <= now { circuit = .halfOpen }
    }

    /// One answer. True: the circuit has just opened.
    mutating func answered(_ outcome: Outcome, after taken: Duration, now: ContinuousClock.Instant, jitter: Double) -> Bool {
        guard let sign = Sign(outcome) else { return false }
        lastAnswer = now
        count(sign, now)
        switch sign {
        case .works:
            (unreachable, inARow) = (0, 0)
            lastWorked = now
            latency = latency.map { $0 + (taken - $0) / 5 } ?? taken
            if !isClosed { close(now) }
            return false
        case .fails, .unreachable:
            inARow += 1
            if sign == .unreachable { unreachable += 1 }
            let hasFailed =
                unreachable >= Self.unreachableInARow || inARow >= Self.failuresInARow
                || (counted >= Self.sample && failed * 2 >= counted)
            guard !isClosed || hasFailed else { return false }
            return open(outcome.failure.map { "\($0.code): \($0.detail)" } ?? outcome.name, now, jitter)
        }
    }

    /// A look at what is unanswered. True: the circuit has just opened for silence.
    /// - Parameter timeout: how long an answer is awaited; a third of it is as long as silence may last, however slow answers were.
    mutating func look(
        oldest: ContinuousClock.Instant?, timeout: Duration, now: ContinuousClock.Instant, jitter: Double
    ) -> Bool {
        guard isClosed, let oldest else { return false }
        let patience = max(Self.silence, min((latency ?? .zero) * 5, timeout / 3))
        guard max(oldest, lastAnswer ?? oldest) + patience < now else { return false }
        return open("silent: no answer for \(patience.rounded)", now, jitter)
    }

    /// Another worker's circuit is open, and here nothing has shown lately that it is well. True: this one has just opened.
    mutating func othersFound(_ why: String, now: ContinuousClock.Instant, jitter: Double) -> Bool {
        let isStale = lastWorked.map { now - $0 > .seconds(5) } ?? true
        guard isClosed, isStale else { return false }
        return open(why, now, jitter)
    }

    private mutating func count(_ sign: Sign, _ now: ContinuousClock.Instant) {
        let isOver = countedSince.map { now - $0 > Self.window } ?? true
        if isOver { (counted, failed, countedSince) = (0, 0, now) }
        counted += 1
        if sign != .works { failed += 1 }
    }

    private mutating func open(_ why: String, _ now: ContinuousClock.Instant, _ jitter: Double) -> Bool {
        let wasClosed = isClosed
        // Answers to what was handed over before say nothing new; a probe's do.
        if case .open(let until) = circuit, until > now { return false }
        if wasClosed, let closedAt, now - closedAt > .seconds(30) { pause = .zero }
        pause = min(max(pause * 2, .seconds(1)), .seconds(30))
        circuit = .open(until: now + pause * (0.5 + jitter / 2))
        reason = why
        (unreachable, inARow, counted, failed, countedSince) = (0, 0, 0, 0, nil)
        return wasClosed
    }

    private mutating func close(_ now: ContinuousClock.Instant) {
        circuit = .closed
        (reason, closedAt) = (nil, now)
        (counted, failed, countedSince) = (0, 0, nil)
    }
}

extension Duration {
    /// For people: `3 s`.
    fileprivate var rounded: String { "\(Int((self / .seconds(1)).rounded())) s" }
}
