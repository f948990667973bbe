import Domain
import Logging
import NIOCore
import NIOPosix
import NIOSSL

/// The connections of one provider and what waits for them. Lives on one event loop.
final class SMTPPool: @unchecked Sendable {
    // @unchecked: only touched on `eventLoop`.
    private let options: SMTPOptions
    private let eventLoop: any EventLoop
    private let tls: NIOSSLContext?
    private let logger: Logger
    private var health: ProviderHealth
    private let composer: SMTPComposer
    private var queue: SMTPQueue
    /// Those that have been ready.
    private var connections: [ObjectIdentifier: SMTPConnection] = [:]
    /// Those between TCP and readiness.
    private var settingUp: [ObjectIdentifier: SMTPConnection] = [:]
    /// TCP connections on their way.
    private var dialling = 0
    private var limit: Int
    /// Another connection failed while one works: no new one before this.
    private var growAfter = ContinuousClock.now
    private var expiry: (at: ContinuousClock.Instant, timer: Scheduled<Void>)?
    private var outstanding = 0
    /// Answers that are not passed on yet.
    private var answers: [(batch: SMTPBatch, result: SubmissionResult)] = []
    /// Why no more work is taken; nil: it is.
    private var end: Failure?
    private var isDraining: Bool { end != nil }
    private var drainWaiters: [CheckedContinuation<Void, Never>] = []

    init(
        _ options: SMTPOptions, composer: SMTPComposer, tls: NIOSSLContext?, eventLoop: any EventLoop, logger: Logger,
        health: ProviderHealth = .init()
    ) {
        self.options = options
        limit = options.sharesConnections ? 0 : options.connections
        self.composer = composer
        queue = SMTPQueue(ahead: composer.isSlow ? 2 * options.connections : 0)
        self.tls = tls
        self.eventLoop = eventLoop
        self.logger = logger
        self.health = health
    }

    // MARK: work in

    func take(_ jobs: [SMTPJob]) {
        let now = ContinuousClock.now
        let refusal = end ?? health.refusal(now: now)
        for job in jobs {
            if let refusal {
                passOn(job, .deferred(refusal))
            } else if outstanding >= options.window {
                passOn(job, .deferred(.windowFull(options.window)))
            } else {
                outstanding += 1
                queue.append(job)
                expire(at: job.submission.sendBy)
            }
        }
        pump()
    }

    private func pump() {
        composeAhead()
        if queue.count > 0 { for connection in connections.values.filter(\.isReady) { serve(connection) } }
        grow()
    }

    private func serve(_ connection: SMTPConnection) {
        while connection.isReady, let job = nextJob() {
            if let transaction = transaction(job, connection) { connection.begin(job, transaction) }
        }
    }

    /// The next job that may still leave; those that may not are answered.
    private func nextJob() -> SMTPJob? {
        while let job = queue.next() {
            if .now < job.submission.sendBy { return job }
            answer(job, .deferred(.deadlinePassed))
        }
        return nil
    }

    private func composeAhead() {
        while let job = queue.nextToCompose() { compose(job) }
    }

    /// Away from the event loop.
    private func compose(_ job: SMTPJob) {
        NIOThreadPool.singleton.submit { [composer, eventLoop] _ in
            let result = composer.compose(job.submission, job.mail, eightBit: false)
            eventLoop.execute { self.composed(job, result) }
        }
    }

    private func composed(_ job: SMTPJob, _ result: Result<SMTPContent, SMTPComposer.Refusal>) {
        switch result {
        case .success(let content):
            let now = ContinuousClock.now
            let refusal =
                end ?? (now >= job.submission.sendBy ? .deadlinePassed : health.refusal(now: now))
            if let refusal {
                queue.composed(nil)
                answer(job, .deferred(refusal))
            } else {
                var job = job
                job.content = content
                queue.composed(job)
                expire(at: job.submission.sendBy)
            }
        case .failure(let refusal):
            queue.composed(nil)
            answer(job, refusal.outcome)
        }
        pump()
    }

    /// One that may be written behind the content of another.
    private func follower(of connection: SMTPConnection) -> (SMTPJob, SMTPTransaction)? {
        guard !isDraining, !isOverLimit, connection.taken < options.messagesPerConnection else { return nil }
        while let job = queue.nextToFollow() {
            composeAhead()
            guard .now < job.submission.sendBy else {
                answer(job, .deferred(.deadlinePassed))
                continue
            }
            if let transaction = transaction(job, connection) { return (job, transaction) }
        }
        return nil
    }

    /// nil: it could not be written, or this server would refuse it; then it is answered.
    private func transaction(_ job: SMTPJob, _ connection: SMTPConnection) -> SMTPTransaction? {
        let eightBit = connection.capabilities.eightBitMIME
        switch job.content.map({ .success($0) }) ?? composer.compose(job.submission, job.mail, eightBit: eightBit) {
        case .success(let content):
            let envelope = composer.envelope(job.submission, job.mail)
            let transaction = SMTPTransaction(
                from: envelope.from, to: job.mail.to.address, content: content.bytes, size: content.size,
                isEightBit: content.isEightBit, isUTF8: job.mail.needsUTF8 || !envelope.from.utf8.allSatisfy { $0 < 0x80 },
                messageID: job.mail.messageID, envelopeID: envelope.id)
            guard let refusal = connection.refusal(of: transaction) else { return transaction }
            answer(job, .rejected(refusal))
            return nil
        case .failure(let refusal):
            answer(job, refusal.outcome)
            return nil
        }
    }

    private func answer(_ job: SMTPJob, _ outcome: Outcome, latency: Duration? = nil) {
        outstanding -= 1
        passOn(job, outcome, latency: latency)
        resumeDrained()
    }

    /// Collects the answers of one turn of the loop: each by itself would wake the task that waits for it.
    private func passOn(_ job: SMTPJob, _ outcome: Outcome, latency: Duration? = nil) {
        if answers.isEmpty { eventLoop.execute { self.tellAnswers() } }
        answers.append((job.batch, job.result(outcome, latency: latency)))
    }

    private func tellAnswers() {
        let collected = answers
        answers = []
        var start = 0
        while start < collected.count {
            let batch = collected[start].batch
            let end = collected[start...].firstIndex { $0.batch !== batch } ?? collected.count
            batch.result(collected[start..<end].map(\.result))
            start = end
        }
    }

    private func answerQueued(_ failure: Failure) {
        for job in queue.removeAll() { answer(job, .deferred(failure)) }
    }

    /// Answers what waits in vain, at its `sendBy`.
    private func expire(at instant: ContinuousClock.Instant) {
        if let expiry, expiry.at <= instant { return }
        expiry?.timer.cancel()
        let timer = eventLoop.scheduleTask(in: TimeAmount(max(.zero, instant - .now))) {
            self.expiry = nil
            for job in self.queue.removeLate(.now) { self.answer(job, .deferred(.deadlinePassed)) }
            if let next = self.queue.soonest { self.expire(at: next) }
        }
        expiry = (instant, timer)
    }

    // MARK: connections

    /// Opens what the queue needs: one connection to find out whether the server is there, then more.
    private func grow() {
        let waiting = queue.count
        guard waiting > 0, !isDraining else { return }
        let open = connections.values.count { !$0.isQuitting }
        let room = limit - openConnections
        guard room > 0, open < limit, health.refusal(now: .now) == nil else { return }
        let wanted = open > 0 ? min(waiting, limit - open) : 1
        guard open == 0 || .now >= growAfter else { return }
        for _ in 0..<max(0, min(room, wanted - dialling - settingUp.count)) { connect() }
    }

    /// Those that are closing count: the server may allow no more.
    var openConnections: Int { connections.count + settingUp.count + dialling }
    private var isOverLimit: Bool { connections.values.count { !$0.isQuitting } > limit }

    /// At most so many from now on; those at work close when it is done.
    func limitConnections(_ limit: Int) {
        self.limit = min(limit, options.connections)
        for connection in connections.values.filter(\.isReady) where isOverLimit { connection.quit() }
        grow()
    }

    private func connect() {
        let configuration: SMTPSessionConfiguration
        do { configuration = try options.session() } catch {
            return failed(SetupFailure("password_unreadable", "\(error)", isConfiguration: true))
        }
        dialling += 1
        let bootstrap = ClientBootstrap.unread(on: eventLoop, timeout: options.connectTimeout)
        bootstrap.dial(options.host, options.port).whenComplete { result in
            self.dialling -= 1
            switch result {
            case .success(let channel): self.adopt(channel, configuration)
            case .failure(let error): self.failed(SetupFailure(connecting: error))
            }
            self.resumeDrained()
        }
    }

    private func adopt(_ channel: any NIOCore.Channel, _ configuration: SMTPSessionConfiguration) {
        guard !isDraining else { return channel.close(promise: nil) }
        let connection = SMTPConnection(
            configuration, options: options, tls: tls, report: { [weak self] in self?.handle($0, $1) },
            follower: { [weak self] in self?.follower(of: $0) })
        settingUp[ObjectIdentifier(connection)] = connection
        do {
            try channel.begin(connection, tls: options.tls == .implicit ? tls : nil, serverName: options.serverName)
        } catch {
            settingUp[ObjectIdentifier(connection)] = nil
            channel.close(promise: nil)
            failed(SetupFailure(connecting: error))
        }
    }

    private func handle(_ connection: SMTPConnection, _ event: SMTPConnection.Event) {
        switch event {
        case .ready:
            if settingUp.removeValue(forKey: ObjectIdentifier(connection)) != nil {
                connections[ObjectIdentifier(connection)] = connection
                if health.connected() { logger.notice("mail server answers again") }
            }
            if isDraining || isOverLimit || connection.taken >= options.messagesPerConnection { connection.quit() }
            composeAhead()
            serve(connection)
            grow()
        case .finished(let job, let outcome, let latency, let isConfiguration):
            finished(connection, job, outcome, latency, isConfiguration)
        case .notBegun(var job, let failure):
            if job.wasReturned || isDraining { return answer(job, .deferred(failure)) }
            // No other event would look at it before its deadline.
            if let refusal = health.refusal(now: .now) { return answer(job, .deferred(refusal)) }
            job.wasReturned = true
            queue.prepend(job)
            expire(at: job.submission.sendBy)
        case .withdrawn(let job): answer(job, .deferred(.deadlinePassed))
        case .failed(let failure):
            settingUp[ObjectIdentifier(connection)] = nil
            failed(failure)
        case .closed:
            settingUp[ObjectIdentifier(connection)] = nil
            connections[ObjectIdentifier(connection)] = nil
            pump()
            resumeDrained()
        }
    }

    private func finished(
        _ connection: SMTPConnection, _ job: SMTPJob, _ outcome: Outcome, _ latency: Duration, _ isConfiguration: Bool
    ) {
        if connection.completed > 0 {
            health.answered()
        } else if let failure = outcome.failure {
            // It connects and then drops the first message: that is no working server either.
            failed(SetupFailure(failure: failure.ofFirstMessage, isConfiguration: false))
        }
        if isConfiguration, let failure = outcome.failure { failed(SetupFailure(failure: failure, isConfiguration: true)) }
        answer(job, outcome, latency: latency)
    }

    /// While another connection works the provider is not down: only growth waits.
    private func failed(_ failure: SetupFailure) {
        let works = connections.values.contains { !$0.isQuitting && $0.completed > 0 }
        if works && !failure.isConfiguration {
            growAfter = .now + .seconds(Double.random(in: 1...10))
            return
        }
        let now = ContinuousClock.now
        let wasUp = health.failed(failure, now: now)
        if wasUp || failure.isConfiguration {
            logger.warning(
                "mail server cannot be used; messages are deferred",
                metadata: [
                    "code": "\(failure.failure.code)", "detail": "\(failure.failure.detail)",
                    "pause": "\(health.downUntil.map { $0 - now } ?? .zero)",
                ])
        }
        if let refusal = health.refusal(now: now) { answerQueued(refusal) }
        if failure.isConfiguration { for connection in connections.values { connection.quit() } }
    }

    // MARK: the end

    func retract(_ failure: Failure) { answerQueued(failure) }

    /// Resumed when everything is answered and all connections are closed.
    func drain(_ waiter: CheckedContinuation<Void, Never>, _ failure: Failure) {
        end = end ?? failure
        drainWaiters.append(waiter)
        answerQueued(failure)
        for connection in connections.values where !connection.isQuitting { connection.quit() }
        for connection in settingUp.values { connection.close() }
        resumeDrained()
    }

    private func resumeDrained() {
        guard isDraining, outstanding == 0, connections.isEmpty, settingUp.isEmpty, dialling == 0 else { return }
        expiry?.timer.cancel()
        tellAnswers()
        for waiter in drainWaiters { waiter.resume() }
        drainWaiters = []
    }
}

extension Failure {
    /// The answer to other messages: theirs was never begun.
    fileprivate var ofFirstMessage: Failure {
        var failure = self
        failure.detail = "the connection ended with its first message: \(detail)"
        failure.suppressesAddress = false
        return failure
    }
}
