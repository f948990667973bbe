import AsyncHTTPClient
import Domain
import Logging
import NIOCore
import NIOPosix

/// The requests of one provider. Lives on one event loop, and so do its connections.
final class HTTPPool: @unchecked Sendable {
    // @unchecked: only touched on `eventLoop`.
    private let options: HTTPOptions
    private let eventLoop: any EventLoop
    private let configuration: HTTPClient.Configuration
    private let gates = HTTPGates()
    /// Made for the first message: one without any message needs no closing.
    private var client: HTTPClient?
    private let logger: Logger
    private var health: ProviderHealth
    /// Failures of calls that were under way by then are echoes.
    private var failedAt = ContinuousClock.now
    /// The one that tries whether a provider that was down is there again.
    private var trial: ObjectIdentifier?
    private var calls: [ObjectIdentifier: HTTPCall] = [:]
    /// Why no more work is taken; nil: it is.
    private var end: Failure?
    private var isDraining: Bool { end != nil }
    private var isClosing = false
    private var isClosed = false
    private var drainWaiters: [CheckedContinuation<Void, Never>] = []

    /// - Throws: `ProviderError`.
    init(_ options: HTTPOptions, eventLoop: any EventLoop, logger: Logger, health: ProviderHealth = .init()) throws {
        self.options = options
        self.eventLoop = eventLoop
        self.logger = logger
        self.health = health
        configuration = try Self.configuration(options, gates)
    }

    deinit {
        // Only where it was not drained; the client objects to being forgotten. No caller is left to hear of it.
        client?.shutdown().whenComplete { _ in }
    }

    /// What every client of a provider is bound by.
    /// - Throws: `ProviderError`.
    static func configuration(_ options: HTTPOptions, _ gates: HTTPGates) throws -> HTTPClient.Configuration {
        var pool = HTTPClient.Configuration.ConnectionPool(
            idleTimeout: TimeAmount(options.idleClose), concurrentHTTP1ConnectionsPerHostSoftLimit: options.window)
        // `ProviderHealth` decides when to come back; a message must not wait for it here.
        pool.retryConnectionEstablishment = false
        var configuration = HTTPClient.Configuration(
            tlsConfiguration: options.isTLS ? try options.tlsConfiguration() : nil, redirectConfiguration: .disallow,
            timeout: .init(connect: TimeAmount(options.connectTimeout)), connectionPool: pool)
        configuration.httpVersion = .http1Only
        configuration.tracing.tracer = nil
        let allowsPrivate = options.allowsPrivate
        configuration.http1_1ConnectionDebugInitializer = { channel in
            // The address that the connection really has, after all name servers have had their say: nothing can be rebound.
            if allowsPrivate || channel.remoteAddress.map(PublicAddress.isPublic) == true {
                return gates.guardConnection(channel)
            }
            let refused = PrivateTarget(address: channel.remoteAddress.map { "\($0.ipAddress ?? "?")" } ?? "?")
            channel.eventLoop.execute { channel.close(promise: nil) }
            return channel.eventLoop.makeFailedFuture(refused)
        }
        return configuration
    }

    // MARK: work in

    func take(_ jobs: [HTTPJob]) {
        for job in jobs {
            if let end {
                job.answer(.deferred(end))
            } else if calls.count >= options.window {
                job.answer(.deferred(.windowFull(options.window)))
            } else if let refusal = refusal() {
                job.answer(.deferred(refusal))
            } else {
                start(job)
            }
        }
    }

    /// A secret's file cannot be used: nothing can be sent.
    func refuse(_ jobs: [Submission], _ failure: SetupFailure, _ result: @Sendable ([SubmissionResult]) -> Void) {
        failed(failure, started: .now)
        result(
            jobs.map {
                .init(messageID: $0.messageID, attempt: $0.attempt, outcome: .deferred(failure.failure), latency: .zero)
            })
    }

    /// While the provider is down one message tries, the others are told at once.
    private func refusal() -> Failure? {
        if let refusal = health.refusal(now: .now) { return refusal }
        return trial == nil ? nil : health.meanwhile
    }

    private func start(_ job: HTTPJob) {
        if .now >= job.submission.sendBy { return job.answer(.deferred(.deadlinePassed)) }
        let call = HTTPCall(job, on: eventLoop, gates: gates) { [weak self] in self?.handle($0, $1) }
        calls[ObjectIdentifier(call)] = call
        if health.isDown { trial = ObjectIdentifier(call) }
        let client = self.client ?? HTTPClient(eventLoopGroupProvider: .shared(eventLoop), configuration: configuration)
        self.client = client
        call.start(client)
    }

    // MARK: answers

    private func handle(_ call: HTTPCall, _ event: HTTPCall.Event) {
        calls[ObjectIdentifier(call)] = nil
        if trial == ObjectIdentifier(call) { trial = nil }
        if let job = returned(call, event) { return start(job) }
        var outcome = outcome(call, event)
        if options.rules.isRepeatable, case .unknown(let failure) = outcome { outcome = .deferred(failure) }
        call.job.answer(outcome, latency: call.writtenAt.map { .now - $0 })
        closeIfDrained()
    }

    /// A connection of the pool was closed by the peer before anything was written: another one may be tried, once.
    private func returned(_ call: HTTPCall, _ event: HTTPCall.Event) -> HTTPJob? {
        guard case .failed(let error, isWritten: false) = event, Self.isClosed(error), !isDraining, !call.job.wasReturned
        else { return nil }
        var job = call.job
        job.wasReturned = true
        return job
    }

    private static func isClosed(_ error: any Error) -> Bool {
        switch error {
        case let error as HTTPClientError: error == .remoteConnectionClosed
        case ChannelError.ioOnClosedChannel, ChannelError.alreadyClosed, ChannelError.eof: true
        default: false
        }
    }

    private func outcome(_ call: HTTPCall, _ event: HTTPCall.Event) -> Outcome {
        switch event {
        case .late(isWritten: true): return .unknown(.noAnswer)
        case .late(isWritten: false): return .deferred(.deadlinePassed)
        case .failed(let error, isWritten: true):
            return .unknown(
                Failure(
                    code: "connection_lost", detail: hide("the request was written, and no status came: \(error)", call.job),
                    blame: .provider))
        case .failed(let error, isWritten: false):
            let setup = self.setup(error)
            failed(setup, started: call.started)
            return .deferred(health.refusal(now: .now) ?? setup.failure)
        case .answered(let answer):
            let verdict = options.rules.verdict(answer, validity: call.job.submission.validity) { hide($0, call.job) }
            judged(verdict, call)
            return verdict.outcome
        }
    }

    private func judged(_ verdict: HTTPRules.Verdict, _ call: HTTPCall) {
        if verdict.isConfiguration, let failure = verdict.outcome.failure {
            return failed(SetupFailure(failure: failure, isConfiguration: true), started: call.started)
        }
        guard call.started >= failedAt else { return }
        if health.connected() { logger.notice("provider answers again") }
        health.answered()
    }

    private func hide(_ text: String, _ job: HTTPJob) -> String {
        job.hidden.filter { $0.count > 3 }.reduce(text) { $0.replacing($1, with: "***") }
    }

    private func failed(_ failure: SetupFailure, started: ContinuousClock.Instant) {
        guard started >= failedAt else { return }
        let now = ContinuousClock.now
        failedAt = now
        let wasUp = health.failed(failure, now: now)
        guard wasUp || failure.isConfiguration else { return }
        logger.warning(
            "provider cannot be used; messages are deferred",
            metadata: [
                "code": "\(failure.failure.code)", "detail": "\(failure.failure.detail)",
                "pause": "\(health.downUntil.map { $0 - now } ?? .zero)",
            ])
    }

    /// Why nothing could be written.
    private func setup(_ error: any Error) -> SetupFailure {
        let place = "\(options.host):\(options.port)"
        switch error {
        case let error as PrivateTarget:
            return SetupFailure(
                "private_address", "\(place) leads to \(error.address), a private address; allow_private: true permits it",
                isConfiguration: true)
        case let error as HTTPClientError
        where [.connectTimeout, .getConnectionFromPoolTimeout, .tlsHandshakeTimeout].contains(error):
            return SetupFailure("connect_timeout", "\(place): no connection within \(options.connectTimeout)")
        case _ where Self.isClosed(error):
            return SetupFailure("connection_lost", "\(place): closed before the request was written")
        case _ where TLSWords.isTLS(error):
            return SetupFailure(
                "tls_failed",
                TLSWords.sentence(
                    for: error, serverName: options.host,
                    plain: "the server does not speak TLS on port \(options.port): check url and port",
                    name: "write the certificate's name into the url"))
        default:
            return SetupFailure(connecting: error)
        }
    }

    // MARK: the end

    /// Resumed when everything is answered and the client is closed.
    func drain(_ waiter: CheckedContinuation<Void, Never>, _ failure: Failure) {
        end = end ?? failure
        if isClosed { return waiter.resume() }
        drainWaiters.append(waiter)
        retract(failure)
        closeIfDrained()
    }

    func retract(_ failure: Failure) {
        for call in calls.values where !call.isWritten {
            call.withdraw()
            calls[ObjectIdentifier(call)] = nil
            call.job.answer(.deferred(failure))
        }
    }

    private func closeIfDrained() {
        guard isDraining, calls.isEmpty, !isClosing else { return }
        isClosing = true
        guard let client else { return closed() }
        self.client = nil
        // What could go wrong with closing has no consequence any more.
        client.shutdown().whenComplete { _ in self.eventLoop.execute { self.closed() } }
    }

    private func closed() {
        isClosed = true
        for waiter in drainWaiters { waiter.resume() }
        drainWaiters = []
    }
}

/// The provider's host leads into a network of ours.
struct PrivateTarget: Error { var address: String }
