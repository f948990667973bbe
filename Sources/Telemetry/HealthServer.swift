import Glibc
import NIOCore
import NIOHTTP1
import NIOPosix
import Synchronization

/// Answers `GET /livez`, `/readyz` and `/metrics` for probes and Prometheus. No TLS and no passwords: it belongs on loopback or a
/// private network.
///
/// One request per connection; 10 s for all of it; heads over 80 KiB (NIO's limit) and bodies over 8 KiB are refused, and so are
/// connections beyond 64.
public final class HealthServer: Sendable {
    /// Why something is not as it should be; empty when it is.
    public typealias Check = @Sendable () async -> [String]

    static let deadline = TimeAmount.seconds(10)
    static let maximumConnections = 64
    static let maximumBody = 8192

    private let host: String
    private let port: Int
    private let answers: Answers
    private let bound: @Sendable (Int) -> Void
    private let deadline: TimeAmount

    /// What the three paths answer.
    struct Answers: Sendable {
        var alive: Check
        var ready: Check
        var metrics: @Sendable () -> String
    }

    /// - Parameters:
    ///   - port: 0 for any free one.
    ///   - alive: reasons to restart the process (a stage that hangs); they make `/livez` answer 503.
    ///   - ready: reasons why it should get no work (no database, draining); they make `/readyz` answer 503.
    ///   - metrics: the text of `/metrics`.
    ///   - bound: told the port once it listens.
    public convenience init(
        host: String = "127.0.0.1", port: Int = 9464, alive: @escaping Check = { [] }, ready: @escaping Check,
        metrics: @escaping @Sendable () -> String, bound: @escaping @Sendable (Int) -> Void = { _ in }
    ) {
        self.init(
            host: host, port: port, answers: Answers(alive: alive, ready: ready, metrics: metrics), bound: bound,
            deadline: Self.deadline)
    }

    init(
        host: String, port: Int, answers: Answers, bound: @escaping @Sendable (Int) -> Void, deadline: TimeAmount
    ) {
        self.host = host
        self.port = port
        self.answers = answers
        self.bound = bound
        self.deadline = deadline
    }

    /// Listens until the task is cancelled; requests under way then are still answered within their 10 s.
    /// - Throws: `HealthServerError` when the address cannot be listened on.
    public func run() async throws {
        let open = ConnectionCount()
        let group = MultiThreadedEventLoopGroup.singleton
        let listener = try await ServerBootstrap(group: group)
            .serverChannelOption(.backlog, value: 64)
            .serverChannelOption(.socketOption(.so_reuseaddr), value: 1)
            .childChannelInitializer { [answers, deadline] channel in
                guard open.enter(limit: Self.maximumConnections) else { return channel.close() }
                channel.closeFuture.whenComplete { _ in open.leave() }
                let timeout = channel.eventLoop.scheduleTask(in: deadline) { channel.close(promise: nil) }
                channel.closeFuture.whenComplete { _ in timeout.cancel() }
                return channel.eventLoop.makeCompletedFuture {
                    let pipeline = channel.pipeline.syncOperations
                    try pipeline.configureHTTPServerPipeline(withErrorHandling: true)
                    try pipeline.addHandler(HealthHandler(answers: answers))
                }
            }
            .bindOrExplain(host: host, port: port)
        if let port = listener.localAddress?.port { bound(port) }
        await withTaskCancellationHandler {
            do { try await listener.closeFuture.get() } catch {
                // Why a listener closed does not matter: it was cancelled, or it is gone.
            }
        } onCancel: {
            listener.close(promise: nil)
        }
    }
}

/// Connections that are open.
private final class ConnectionCount: Sendable {
    private let count = Mutex(0)
    func enter(limit: Int) -> Bool {
        count.withLock { count in
            guard count < limit else { return false }
            count += 1
            return true
        }
    }
    func leave() { count.withLock { $0 -= 1 } }
}

/// One request on one connection.
private final class HealthHandler: ChannelInboundHandler {
    typealias InboundIn = HTTPServerRequestPart
    typealias OutboundOut = HTTPServerResponsePart

    private let answers: HealthServer.Answers
    private var head: HTTPRequestHead?
    private var bodyBytes = 0
    private var isAnswered = false

    init(answers: HealthServer.Answers) { self.answers = answers }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        guard !isAnswered else { return }
        switch unwrapInboundIn(data) {
        case .head(let head): self.head = head
        case .body(let bytes):
            bodyBytes += bytes.readableBytes
            if bodyBytes > HealthServer.maximumBody { answer(.payloadTooLarge, "too large\n", context: context) }
        case .end: route(context: context)
        }
    }

    func errorCaught(context: ChannelHandlerContext, error: any Error) {
        // A broken request or a peer that is gone: there is no client to answer.
        context.close(promise: nil)
    }

    private func route(context: ChannelHandlerContext) {
        guard let head else { return }
        let path = head.uri.prefix { $0 != "?" }
        let check: HealthServer.Check
        switch path {
        case "/livez": check = answers.alive
        case "/readyz": check = answers.ready
        case "/metrics": check = { [] }
        default: return answer(.notFound, "paths: /livez /readyz /metrics\n", context: context)
        }
        guard head.method == .GET || head.method == .HEAD else {
            return answer(.methodNotAllowed, "only GET\n", context: context)
        }
        if path == "/metrics" { return answer(.ok, answers.metrics(), isMetrics: true, context: context) }
        let bound = NIOLoopBound((self, context), eventLoop: context.eventLoop)
        context.eventLoop.makeFutureWithTask { await check() }.whenSuccess { reasons in
            let (handler, context) = bound.value
            let text = reasons.isEmpty ? "ok\n" : reasons.map { "\($0)\n" }.joined()
            handler.answer(reasons.isEmpty ? .ok : .serviceUnavailable, text, context: context)
        }
    }

    private func answer(
        _ status: HTTPResponseStatus, _ text: String, isMetrics: Bool = false, context: ChannelHandlerContext
    ) {
        guard !isAnswered, context.channel.isActive else { return }
        isAnswered = true
        var headers = HTTPHeaders()
        headers.add(name: "Content-Type", value: "text/plain; \(isMetrics ? "version=0.0.4; " : "")charset=utf-8")
        headers.add(name: "Content-Length", value: "\(text.utf8.count)")
        headers.add(name: "Cache-Control", value: "no-store")
        headers.add(name: "Connection", value: "close")
        if status == .methodNotAllowed { headers.add(name: "Allow", value: "GET, HEAD") }
        context.write(wrapOutboundOut(.head(HTTPResponseHead(version: .http1_1, status: status, headers: headers))), promise: nil)
        if head?.method != .HEAD {
            context.write(wrapOutboundOut(.body(.byteBuffer(ByteBuffer(string: text)))), promise: nil)
        }
        let channel = context.channel
        context.writeAndFlush(wrapOutboundOut(.end(nil))).whenComplete { _ in channel.close(promise: nil) }
    }
}

/// Why the health port cannot be opened, and what to do.
public struct HealthServerError: Error, CustomStringConvertible {
    public var description: String
}

extension ServerBootstrap {
    fileprivate func bindOrExplain(host: String, port: Int) async throws(HealthServerError) -> any Channel {
        do {
            return try await bind(host: host, port: port).get()
        } catch {
            let place = "\(host):\(port)"
            let others = "or give this one another with --health (127.0.0.1:0 takes any free one, off none)"
            let problem =
                switch (error as? IOError)?.errnoCode {
                case EADDRINUSE: "is taken by another program, perhaps another worker of this host: stop it, \(others)"
                case EACCES: "may not be opened by this user: ports below 1024 need a right of their own; \(others)"
                case EADDRNOTAVAIL: "cannot be opened: this host has no address \(host); \(others)"
                default: "cannot be opened: \(error); \(others)"
                }
            throw HealthServerError(description: "health port \(place) \(problem)")
        }
    }
}
