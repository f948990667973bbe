import Domain
import NIOCore
import NIOSSL
import NIOTLS

/// Carries a session's actions out on a channel, and passes the rest on to the pool.
final class SMPPConnection: ChannelInboundHandler, @unchecked Sendable {
    // @unchecked: only touched on its event loop, which is the pool's.
    typealias InboundIn = ByteBuffer
    typealias OutboundOut = ByteBuffer
    typealias Session = SMPPSession<SMPPTicket>

    private(set) var session: Session
    /// What a TLS or socket error said, for the end.
    private(set) var cause: SetupFailure?
    private(set) var boundAt: ContinuousClock.Instant?
    private var end: SMPPEnd?
    private var actions: [Session.Action] = []
    private var context: ChannelHandlerContext?
    private var timer: (at: ContinuousClock.Instant, scheduled: Scheduled<Void>)?
    /// Outputs that the system has not taken whole.
    private var unwritten = 0
    private var wasClogged = false
    /// Called with actions in their order; the pool calls `flush` after.
    private let report: (SMPPConnection, [Session.Action]) -> Void
    private let closed: (SMPPConnection, SMPPEnd) -> Void

    init(
        _ configuration: SMPPSessionConfiguration, report: @escaping (SMPPConnection, [Session.Action]) -> Void,
        closed: @escaping (SMPPConnection, SMPPEnd) -> Void
    ) {
        session = Session(configuration)
        self.report = report
        self.closed = closed
    }

    // MARK: the pool's side

    /// The peer does not read: what was submitted now would leave at an unknown time.
    var isClogged: Bool { unwritten > 0 }

    func submit(_ ticket: SMPPTicket, now: ContinuousClock.Instant) {
        session.submit(
            ticket.job.bodies[ticket.part], ticket: ticket, answerBy: ticket.job.submission.answerBy, now: now)
    }

    func acknowledge(_ delivery: SMPPDelivery, _ status: SMPPStatus, now: ContinuousClock.Instant) {
        session.acknowledge(delivery, status, now: now, &actions)
    }

    func drain(now: ContinuousClock.Instant) { session.drain(now: now, &actions) }

    /// Writes what has gathered, once, and carries out what the session asked for meanwhile.
    func flush() {
        passOn()
        write()
        schedule()
    }

    // MARK: the channel's side

    func handlerAdded(context: ChannelHandlerContext) {
        self.context = context
        if context.channel.isActive { start() }
    }

    func handlerRemoved(context: ChannelHandlerContext) { self.context = nil }

    func channelActive(context: ChannelHandlerContext) {
        start()
        context.fireChannelActive()
    }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        var bytes = unwrapInboundIn(data)
        session.received(&bytes, now: .now, &actions)
    }

    func channelReadComplete(context: ChannelHandlerContext) {
        flush()
        context.fireChannelReadComplete()
    }

    /// A peer that asks and does not read the answers is not listened to until it does.
    func channelWritabilityChanged(context: ChannelHandlerContext) {
        do {
            try context.channel.syncOptions?.setOption(.autoRead, value: context.channel.isWritable)
        } catch {
            // It is closing already.
            context.close(promise: nil)
        }
        context.fireChannelWritabilityChanged()
    }

    func errorCaught(context: ChannelHandlerContext, error: any Error) {
        // A peer that closes without TLS's goodbye is only a closed connection.
        if case NIOSSLError.uncleanShutdown = error {
            context.close(promise: nil)
            return
        }
        let isTLS = error is NIOSSLError || error is BoringSSLError || error is NIOSSLExtraError
        cause = SetupFailure(isTLS ? "tls_failed" : "connection_lost", "\(error)")
        context.close(promise: nil)
    }

    func channelInactive(context: ChannelHandlerContext) {
        timer?.scheduled.cancel()
        timer = nil
        session.connectionClosed(cause?.failure.detail ?? "", now: .now, &actions)
        passOn()
        closed(self, end ?? .connectionLost(""))
        context.fireChannelInactive()
    }

    // MARK: actions

    private func start() {
        session.start(now: .now)
        flush()
    }

    private func write() {
        guard let context, let output = session.takeOutput() else { return }
        let submits = output.submits
        let first = context.eventLoop.makePromise(of: Void.self)
        unwritten += 1
        first.futureResult.assumeIsolated().whenComplete { result in
            if case .failure = result { self.session.notWritten(submits) }
            if output.rest == nil { self.written() }
        }
        context.write(wrapOutboundOut(output.first), promise: first)
        if let rest = output.rest {
            let whole = context.eventLoop.makePromise(of: Void.self)
            whole.futureResult.assumeIsolated().whenComplete { _ in self.written() }
            context.write(wrapOutboundOut(rest), promise: whole)
        }
        context.flush()
        if isClogged { wasClogged = true }
    }

    private func written() {
        unwritten -= 1
        guard wasClogged, unwritten == 0 else { return }
        wasClogged = false
        // Those that wait for a place may go on.
        if session.state == .bound { report(self, []) }
    }

    private func passOn() {
        guard !actions.isEmpty else { return }
        let all = actions
        actions = []
        for case .bound in all { boundAt = .now }
        report(self, all)
        for case .close(let reason) in all where end == nil {
            end = reason
            write()
            context?.close(promise: nil)
        }
    }

    /// One timer, set anew only when something is due earlier than it.
    private func schedule() {
        guard let context, let next = session.nextTick else { return }
        if let timer, timer.at <= next { return }
        timer?.scheduled.cancel()
        let scheduled = context.eventLoop.scheduleTask(in: TimeAmount(max(.zero, next - .now))) {
            self.timer = nil
            self.session.tick(now: .now, &self.actions)
            self.flush()
        }
        timer = (next, scheduled)
    }
}
