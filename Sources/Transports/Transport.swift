import Domain

/// One rendered message on its way to one provider, with a committed attempt behind it.
public struct Submission: Sendable {
    public var messageID: MessageID
    /// Number of the attempt, unique within the message; with `messageID` it names this hand-over everywhere.
    public var attempt: Int
    /// Address of the recipient: E.164 or a mailbox.
    public var to: String
    public var rendered: RenderedMessage
    /// The first byte leaves before this or not at all (the transport answers `deferred`, and no attempt is counted). Monotonic, counts sleep.
    public var sendBy: ContinuousClock.Instant
    /// The answer is awaited no longer than this; then it is `unknown` (or `deferred` if nothing was written).
    public var answerBy: ContinuousClock.Instant
    /// How much longer the recipient may receive it: for validity periods.
    public var validity: Duration
    /// Lane 0 (`otp`): may use the reserved part of the window.
    public var isUrgent: Bool
    /// Name of its class; nil where it is not known.
    public var messageClass: String?

    public init(
        messageID: MessageID, attempt: Int, to: String, rendered: RenderedMessage,
        sendBy: ContinuousClock.Instant, answerBy: ContinuousClock.Instant, validity: Duration,
        isUrgent: Bool = false, messageClass: String? = nil
    ) {
        self.messageID = messageID
        self.attempt = attempt
        self.to = to
        self.rendered = rendered
        self.sendBy = sendBy
        self.answerBy = answerBy
        self.validity = validity
        self.isUrgent = isUrgent
        self.messageClass = messageClass
    }
}

/// The answer to one submission.
public struct SubmissionResult: Sendable {
    public var messageID: MessageID
    public var attempt: Int
    public var outcome: Outcome
    /// From the first byte (or the refusal) to the answer.
    public var latency: Duration

    public init(messageID: MessageID, attempt: Int, outcome: Outcome, latency: Duration) {
        self.messageID = messageID
        self.attempt = attempt
        self.outcome = outcome
        self.latency = latency
    }
}

/// The code that speaks one provider's protocol: one instance per provider and worker.
///
/// A transport keeps up to `window` submissions unanswered. The caller never submits more than `window` at once (urgent ones
/// included) and hands the next one in when a result frees a place. Results come in any order, exactly one for each submission,
/// none later than its `answerBy` plus one second.
public protocol Transport: Sendable {
    /// Name of the provider in the policy.
    var provider: String { get }
    /// Unanswered submissions at once; fixed for the life of the instance.
    var window: Int { get }
    /// Hands over a batch and returns as soon as it is queued. `result` is called once per submission, from any thread, possibly
    /// before `submit` returns, and must not block; it takes several results at once where they come at once.
    func submit(_ submissions: [Submission], result: @escaping @Sendable ([SubmissionResult]) -> Void)
    /// Keeps connections until cancelled; returns when every accepted submission has been answered and connections are closed.
    func run() async throws
    /// Stops taking work: what has not been written is answered `deferred` (`not_sent`), what has been written is awaited.
    /// - Parameter why: a sentence without a full stop, for people: it becomes the failure's detail. The first one stays.
    func drain(_ why: String) async
    /// Answers `deferred` (`not_sent`) for what has not been written yet; goes on working.
    /// - Parameter why: a sentence without a full stop, for people: it becomes the failure's detail.
    func retract(_ why: String)
}

extension Transport {
    /// Drains because the worker ends.
    public func drain() async { await drain(Failure.theWorkerIsStopping) }
}

/// A transport whose connections can be limited while it works: where a provider allows so many to the whole cluster.
public protocol PooledTransport: Transport {
    /// As many as its own options let it have.
    var mostConnections: Int { get }
    /// At most so many from now on; those beyond it take no more work and close once theirs is answered. Before the first call it has none if the
    /// policy says `max_connections`, else as many as it likes.
    func limitConnections(_ limit: Int)
    /// Open or being opened or closed.
    func openConnections() async -> Int
}
