import Domain
import Logging
import NIOCore
import NIOPosix
import NIOSSL

/// One place for a bind, filled again whenever its bind ends.
final class SMPPBindSlot: @unchecked Sendable {
    // @unchecked: only touched on the pool's event loop.
    let mode: SMPPBindMode
    var connection: SMPPConnection?
    var isDialling = false
    /// There may be no more so many: it takes no work, and is gone once it is closed.
    var isRetiring = false
    var backoff = SMPPBackoff()
    /// The next try.
    var retry: (at: ContinuousClock.Instant, timer: Scheduled<Void>)?

    init(_ mode: SMPPBindMode) { self.mode = mode }

    var free: Int { connection.map { $0.isClogged ? 0 : $0.session.free } ?? 0 }
    var unanswered: Int { connection?.session.unanswered ?? 0 }
    var isBound: Bool { connection?.session.state == .bound }
    var isClosed: Bool { connection == nil && !isDialling }
}

/// Opening, losing and reopening binds.
extension SMPPPool {
    /// Opens all binds, the first time.
    func start() {
        guard !isStarted, !isDraining else { return }
        isStarted = true
        openMissing()
    }

    var openBinds: Int { binds.count { !$0.isClosed } }

    /// At most so many from now on.
    func limitBinds(_ limit: Int) {
        bindLimit = limit
        guard isStarted, !isDraining else { return }
        let now = ContinuousClock.now
        for bind in binds.filter({ !$0.isRetiring }).dropFirst(limit) {
            bind.isRetiring = true
            bind.retry?.timer.cancel()
            bind.retry = nil
            bind.connection?.drain(now: now)
        }
        forgetRetired()
        openMissing()
    }

    private func forgetRetired() { binds.removeAll { $0.isRetiring && $0.isClosed } }

    /// Those that are closing count: the account may have no more.
    private func openMissing() {
        let modes = options.binding.modes
        let wanted = min(options.mostBinds, bindLimit ?? .max)
        while !isDraining, binds.count < wanted {
            let mode = modes.min { left, right in binds.count { $0.mode == left } < binds.count { $0.mode == right } }
            guard let mode else { return }
            let bind = SMPPBindSlot(mode)
            binds.append(bind)
            connect(bind)
        }
    }

    /// While no bind takes submits and the last try failed, messages are told so at once.
    func bindRefusal(now: ContinuousClock.Instant) -> Failure? {
        guard var failure = lastFailure?.failure, !binds.contains(where: { $0.mode.canSubmit && $0.isBound }) else { return nil }
        let next = binds.filter(\.mode.canSubmit).compactMap(\.retry?.at).min()
        failure.retryAfter = max(.milliseconds(100), next.map { $0 - now } ?? .seconds(1))
        return failure
    }

    private func connect(_ bind: SMPPBindSlot) {
        bind.retry = nil
        guard !isDraining, !bind.isRetiring else { return }
        let configuration: SMPPSessionConfiguration
        do { configuration = try options.session(bind.mode) } catch {
            return failed(bind, SetupFailure("password_unreadable", "\(error)", isConfiguration: true))
        }
        bind.isDialling = true
        let bootstrap = ClientBootstrap.unread(on: eventLoop, timeout: options.connectTimeout)
            .channelOption(.writeBufferWaterMark, value: .init(low: options.unreadLimit / 4, high: options.unreadLimit))
        bootstrap.dial(options.host, options.port).whenComplete { result in
            bind.isDialling = false
            self.turn {
                switch result {
                case .success(let channel): self.adopt(channel, configuration, bind)
                case .failure(let error): self.failed(bind, SetupFailure(connecting: error))
                }
            }
        }
    }

    private func adopt(_ channel: any NIOCore.Channel, _ configuration: SMPPSessionConfiguration, _ bind: SMPPBindSlot) {
        guard !isDraining, !bind.isRetiring else {
            channel.close(promise: nil)
            return retired(bind)
        }
        // It would never say that it is closed.
        guard channel.isActive else { return failed(bind, SetupFailure("connection_lost", "closed at once")) }
        let connection = SMPPConnection(
            configuration, report: { [weak self] in self?.handle($1, of: $0, bind) },
            closed: { [weak self] in self?.closed($0, $1, bind) })
        bind.connection = connection
        do {
            try channel.begin(connection, tls: tls, serverName: options.serverName)
        } catch {
            bind.connection = nil
            channel.close(promise: nil)
            failed(bind, SetupFailure(connecting: error))
        }
    }

    private func handle(_ actions: [SMPPConnection.Session.Action], of connection: SMPPConnection, _ bind: SMPPBindSlot) {
        turn {
            for action in actions {
                switch action {
                case .bound: bound(bind)
                case .answered(let ticket, let answer, _):
                    if case .response = answer { bind.backoff.worked() }
                    answered(ticket, answer)
                case .late(let ticket, let answer): evidence(ticket, Self.outcome(answer, options.account.statuses))
                case .deliver(let delivery, let message): inbox.add(receiver.event(message), from: (connection, delivery))
                case .stray(let sequence):
                    logger.debug("a response to nothing that is known", metadata: ["sequence_number": "\(sequence)"])
                case .close: break
                }
            }
        }
    }

    private func bound(_ bind: SMPPBindSlot) {
        guard bind.mode.canSubmit else { return }
        if lastFailure != nil { logger.notice("bound again") }
        lastFailure = nil
    }

    private func closed(_ connection: SMPPConnection, _ end: SMPPEnd, _ bind: SMPPBindSlot) {
        guard bind.connection === connection else { return }
        bind.connection = nil
        turn {
            guard !isDraining, !bind.isRetiring else { return retired(bind) }
            if let boundAt = connection.boundAt, .now - boundAt > .seconds(60) { bind.backoff.worked() }
            let lost = SetupFailure(end, cause: connection.cause, options.account.statuses)
            failed(bind, lost ?? SetupFailure("unbound", "the bind ended"))
        }
    }

    private func retired(_ bind: SMPPBindSlot) {
        guard !isDraining else { return }
        forgetRetired()
        openMissing()
    }

    private func failed(_ bind: SMPPBindSlot, _ failure: SetupFailure) {
        guard !isDraining, !bind.isRetiring else { return retired(bind) }
        let now = ContinuousClock.now
        let pause = bind.backoff.pause(isConfiguration: failure.isConfiguration)
        let timer = eventLoop.scheduleTask(in: TimeAmount(pause)) { self.turn { self.connect(bind) } }
        bind.retry = (now + pause, timer)
        let metadata: Logger.Metadata = [
            "code": "\(failure.failure.code)", "detail": "\(failure.failure.detail)", "pause": "\(pause)",
            "bind": "\(bind.mode.rawValue)",
        ]
        if failure.isConfiguration {
            logger.error("the account cannot bind; somebody must correct it", metadata: metadata)
        } else if lastFailure == nil {
            logger.warning("a bind is lost or cannot be had; trying again", metadata: metadata)
        }
        guard bind.mode.canSubmit, !binds.contains(where: { $0.mode.canSubmit && $0.isBound }) else { return }
        lastFailure = failure
        // A text whose first parts are at the carrier waits for the next bind as long as it can.
        if let refusal = bindRefusal(now: now) { sweep(refusal) { !$0.tally.hasBegun } }
    }

    func drainBinds() {
        let now = ContinuousClock.now
        for bind in binds {
            bind.retry?.timer.cancel()
            bind.retry = nil
            bind.connection?.drain(now: now)
        }
    }
}
