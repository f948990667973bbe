import Domain
import NIOCore
import NIOSSL
import NIOTLS

/// Carries a session's actions out on a channel, and tells the pool what came of them.
final class SMTPConnection: ChannelInboundHandler, @unchecked Sendable {
    // @unchecked: only touched on its event loop, which is the pool's.
    typealias InboundIn = ByteBuffer
    typealias OutboundOut = ByteBuffer

    /// What the pool is told, always on the event loop.
    enum Event {
        case ready
        /// The transaction's outcome, and whether the policy is at fault.
        case finished(SMTPJob, Outcome, latency: Duration, isConfiguration: Bool)
        /// Nothing of it was seen by the server: it may go over another connection.
        case notBegun(SMTPJob, Failure)
        /// It waited behind another message until it was too late; nothing of it can be taken.
        case withdrawn(SMTPJob)
        case failed(SetupFailure)
        /// Last of all.
        case closed
    }

    private var session: SMTPSession
    private let options: SMTPOptions
    private let tls: NIOSSLContext?
    private let report: (SMTPConnection, Event) -> Void
    /// What may be written behind the content.
    private let follower: (SMTPConnection) -> (SMTPJob, SMTPTransaction)?
    private var context: ChannelHandlerContext?
    private var job: SMTPJob?
    private var begun = ContinuousClock.now
    /// Its envelope is written; its turn comes when `job` is answered.
    private var next: (job: SMTPJob, begun: ContinuousClock.Instant)?
    /// When what the session waits for is too late.
    private var due: ContinuousClock.Instant?
    private var timedState: SMTPSession.State?
    /// Rings no later than the next thing is due. What is due changes several times per message, mostly to later: that is looked at
    /// when it rings, for setting a timer costs more than a reply.
    private var alarm: (at: ContinuousClock.Instant, timer: Scheduled<Void>)?
    private var cause: Failure?
    private(set) var isReady = false
    private(set) var isQuitting = false
    /// Messages that were given to it.
    private(set) var taken = 0

    init(
        _ configuration: SMTPSessionConfiguration, options: SMTPOptions, tls: NIOSSLContext?,
        report: @escaping (SMTPConnection, Event) -> Void,
        follower: @escaping (SMTPConnection) -> (SMTPJob, SMTPTransaction)? = { _ in nil }
    ) {
        session = SMTPSession(configuration)
        self.options = options
        self.tls = tls
        self.report = report
        self.follower = follower
    }

    var capabilities: SMTPCapabilities { session.capabilities }
    /// Messages that were answered.
    var completed: Int { session.completed }
    var isBusy: Bool { job != nil || next != nil }
    /// What the server would say to it, known beforehand.
    func refusal(of transaction: SMTPTransaction) -> Failure? { session.refusal(of: transaction) }

    // MARK: the pool's side

    func begin(_ job: SMTPJob, _ transaction: SMTPTransaction) {
        isReady = false
        self.job = job
        taken += 1
        begun = .now
        apply(session.begin(transaction))
    }

    /// QUIT when idle, nothing when busy.
    func quit() {
        guard !isBusy else { return }
        isReady = false
        isQuitting = true
        let actions = session.quit()
        if actions.isEmpty { close() } else { apply(actions) }
    }

    func close() {
        isQuitting = true
        context?.close(promise: nil)
    }

    // MARK: the channel's side

    func handlerAdded(context: ChannelHandlerContext) {
        self.context = context
        if context.channel.isActive { schedule() }
    }

    func handlerRemoved(context: ChannelHandlerContext) { self.context = nil }

    func channelActive(context: ChannelHandlerContext) {
        schedule()
        context.fireChannelActive()
    }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        session.received(unwrapInboundIn(data).readableBytesView)
        while let actions = session.step() { apply(actions) }
    }

    func userInboundEventTriggered(context: ChannelHandlerContext, event: Any) {
        if case .handshakeCompleted = event as? TLSUserEvent { apply(session.tlsEstablished()) }
        context.fireUserInboundEventTriggered(event)
    }

    func errorCaught(context: ChannelHandlerContext, error: any Error) {
        let isTLS = TLSWords.isTLS(error)
        // A server that closes without TLS's goodbye is only a closed connection.
        if case NIOSSLError.uncleanShutdown = error {
            context.close(promise: nil)
            return
        }
        cause = Failure(
            code: isTLS ? "tls_failed" : "connection_lost",
            detail: isTLS ? SetupFailure.words(for: error, serverName: options.serverName) : "\(error)", blame: .provider)
        context.close(promise: nil)
    }

    func channelInactive(context: ChannelHandlerContext) {
        alarm?.timer.cancel()
        apply(session.connectionClosed(cause))
        isReady = false
        isQuitting = true
        report(self, .closed)
        context.fireChannelInactive()
    }

    // MARK: actions

    private func apply(_ actions: [SMTPSession.Action]) {
        for action in actions { perform(action) }
        schedule()
    }

    private func perform(_ action: SMTPSession.Action) {
        guard let context else { return settle(action) }
        switch action {
        case .write(let bytes): context.writeAndFlush(wrapOutboundOut(bytes), promise: nil)
        case .writeContent(let bytes):
            // Admit's word holds until here: a server that took its time over the envelope must not make a message late.
            if let job, .now >= job.submission.sendBy { return apply(session.withdraw()) }
            let written = context.eventLoop.makePromise(of: Void.self)
            // The last byte is the end of the final dot: before this succeeds nothing can have been taken.
            written.futureResult.whenSuccess { self.session.contentWritten() }
            context.write(wrapOutboundOut(bytes), promise: written)
            writeFollower(context)
            context.flush()
        case .startTLS: startTLS(context)
        case .close: context.close(promise: nil)
        default: settle(action)
        }
    }

    /// Behind the content, in the same system call, but not in its buffer: that would blur when the final dot has left.
    private func writeFollower(_ context: ChannelHandlerContext) {
        guard session.mayFollow, let (job, transaction) = follower(self) else { return }
        taken += 1
        context.write(wrapOutboundOut(session.follow(transaction)), promise: nil)
        next = (job, .now)
        arm()
    }

    /// The actions that need no channel.
    private func settle(_ action: SMTPSession.Action) {
        switch action {
        case .ready:
            isReady = true
            report(self, .ready)
        case .finish(let outcome, let isConfiguration):
            guard let job else { return }
            self.job = nil
            report(self, .finished(job, outcome, latency: .now - begun, isConfiguration: isConfiguration))
        case .notBegun(let failure):
            guard let job else { return }
            self.job = nil
            report(self, .notBegun(job, failure))
        case .followed:
            guard let next else { return }
            (job, begun, self.next) = (next.job, next.begun, nil)
        case .followerNotBegun(let failure):
            guard let next else { return }
            self.next = nil
            report(self, .notBegun(next.job, failure))
        case .fail(let failure): report(self, .failed(failure))
        case .write, .writeContent, .startTLS, .close: break
        }
    }

    private func startTLS(_ context: ChannelHandlerContext) {
        do {
            guard let tls else { throw NIOSSLError.failedToLoadCertificate }
            try context.pipeline.syncOperations.addHandler(
                NIOSSLClientHandler(tls, name: options.serverName), position: .first)
        } catch {
            cause = Failure(code: "tls_failed", detail: "\(error)", blame: .provider)
            context.close(promise: nil)
        }
    }

    /// The time for what the session waits for starts with the state, not with the bytes: a server that drips is late.
    private func schedule() {
        guard timedState != session.state else { return }
        timedState = session.state
        due = deadline().map { .now + $0 }
        arm()
    }

    private func arm() {
        let late = next?.job.submission.sendBy
        guard let context, let soonest = due.map({ min($0, late ?? $0) }) ?? late else { return }
        if let alarm, alarm.at <= soonest { return }
        alarm?.timer.cancel()
        alarm = (soonest, context.eventLoop.scheduleTask(in: TimeAmount(max(.zero, soonest - .now))) { self.ring() })
    }

    private func ring() {
        alarm = nil
        let now = ContinuousClock.now
        if let next, next.job.submission.sendBy <= now {
            self.next = nil
            session.withdrawFollower()
            report(self, .withdrawn(next.job))
        }
        if let due, due <= now {
            self.due = nil
            tooLate(now)
        }
        arm()
    }

    private func tooLate(_ now: ContinuousClock.Instant) {
        if session.state == .idle { return quit() }
        let isUnsent = session.state == .envelope && job.map { now >= $0.submission.sendBy } == true
        apply(isUnsent ? session.withdraw() : session.timedOut())
    }

    private func deadline() -> Duration? {
        if session.state == .idle { return options.idleClose }
        guard let patience = session.patience else { return nil }
        guard let job else { return session.state == .quitting ? patience : min(patience, options.timeout) }
        let limit = session.state == .envelope ? min(job.submission.sendBy, job.submission.answerBy) : job.submission.answerBy
        return max(.zero, min(patience, limit - .now))
    }
}
