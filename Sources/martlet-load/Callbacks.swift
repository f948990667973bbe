import ArgumentParser
import Callbacks
import Domain
import Foundation
import NIOCore
import NIOHTTP1
import NIOPosix
import Store
import Transports

/// Calls a running gateway back as Twilio does, one signed form for each message, and measures how many a second it keeps.
struct Callbacks: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Send status callbacks to a running martlet-gateway; each is about a message of its own, made before.")
    @Option(help: "Name of a provider of transport twilio in the policy.") var provider = "twilio"
    @Option(help: "How many callbacks.") var count = 50_000
    @Option(help: "Connections at once, each with one callback under way.") var connections = 256
    @Option(help: "Callbacks a second, spread evenly; left out: each connection as fast as it is answered.") var rate: Double?
    @Option(help: "Where the gateway listens.") var host = "127.0.0.1"
    @Option(help: "Its port.") var port = 8480
    @Option(help: "Its gateway.public_url.") var publicUrl = "https://hooks.swallow.example"
    @Option(help: "File with the auth token.") var tokenFile: String

    func run() async throws {
        let url = ProcessInfo.processInfo.environment["MARTLET_DATABASE_URL"] ?? ""
        let database = Database(
            DatabaseOptions(conninfo: url, applicationName: "martlet-load", connections: 1, deadline: .seconds(600)))
        let first = try await database.run(SeedHandOvers(count: Int64(count), provider: provider))
        await database.close()
        let lines = try String(contentsOfFile: tokenFile, encoding: .utf8).split(whereSeparator: \.isNewline)
        guard let token = lines.first.map(String.init) else { throw ValidationError("\(tokenFile) is empty") }
        let requests = (0..<count).map { request(about: first.rawValue + Int64($0), token) }
        let started = ContinuousClock.now
        let answers = try await withThrowingTaskGroup(of: [(status: UInt, milliseconds: Double)].self) { group in
            for client in 0..<connections {
                let own = stride(from: client, to: count, by: connections).map { index in
                    (requests[index], rate.map { started + .seconds(1 + Double(index) / $0) })
                }
                group.addTask { try await CallbackClient.send(own, host: host, port: port) }
            }
            return try await group.reduce(into: []) { $0 += $1 }
        }
        // A second is for the connections.
        let seconds = (ContinuousClock.now - started).inLoadSeconds - (rate == nil ? 0 : 1)
        let kept = answers.filter { $0.status == 200 }.count
        let times = answers.map(\.milliseconds).sorted()
        report("callbacks", Double(kept) / seconds, "callbacks/s", "\(kept) of \(count) kept, \(connections) connections")
        report("callback_p50", percentile(times, 50), "ms")
        report("callback_p99", percentile(times, 99), "ms")
    }

    private func request(about message: Int64, _ token: String) -> CallbackClient.Request {
        let target = "/callbacks/\(provider)/\(message)/1"
        let body = Array(
            "SmsSid=SM\(message)&SmsStatus=delivered&MessageStatus=delivered&To=%2B8613910000000&MessageSid=SM\(message)&AccountSid=AC1&From=%2B15005550006&ApiVersion=2010-04-01"
                .utf8)
        let signature = TwilioSignature.sign(url: publicUrl + target, body: body, token: token)
        return CallbackClient.Request(target: target, body: body, signature: signature)
    }
}

/// One connection that sends one request after the other.
private final class CallbackClient: ChannelInboundHandler {
    typealias InboundIn = HTTPClientResponsePart
    typealias OutboundOut = HTTPClientRequestPart
    typealias Answer = (status: UInt, milliseconds: Double)

    struct Request: Sendable {
        var target: String
        var body: [UInt8]
        var signature: String
    }

    /// When it is due; nil: as soon as the one before is answered.
    typealias Due = (request: Request, at: ContinuousClock.Instant?)

    static func send(_ requests: [Due], host: String, port: Int) async throws -> [Answer] {
        let group = MultiThreadedEventLoopGroup.singleton
        let done = group.next().makePromise(of: [Answer].self)
        do {
            _ = try await ClientBootstrap(group: group).channelOption(.tcpOption(.tcp_nodelay), value: 1)
                .channelInitializer { channel in
                    channel.eventLoop.makeCompletedFuture {
                        try channel.pipeline.syncOperations.addHTTPClientHandlers()
                        try channel.pipeline.syncOperations.addHandler(CallbackClient(requests, done))
                    }
                }
                .connect(host: host, port: port).get()
        } catch {
            done.fail(error)
        }
        return try await done.futureResult.get()
    }

    private let requests: [Due]
    private let done: EventLoopPromise<[Answer]>
    private var answers: [Answer] = []
    private var sent = ContinuousClock.now
    private var status: UInt = 0

    init(_ requests: [Due], _ done: EventLoopPromise<[Answer]>) {
        self.requests = requests
        self.done = done
    }

    func channelActive(context: ChannelHandlerContext) { next(context) }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        switch unwrapInboundIn(data) {
        case .head(let head): status = head.status.code
        case .body: break
        case .end:
            answers.append((status, (ContinuousClock.now - sent).inLoadSeconds * 1000))
            next(context)
        }
    }

    func channelInactive(context: ChannelHandlerContext) { done.succeed(answers) }

    func errorCaught(context: ChannelHandlerContext, error: any Error) { context.close(promise: nil) }

    private func next(_ context: ChannelHandlerContext) {
        guard answers.count < requests.count else { return context.close(promise: nil) }
        let (request, due) = requests[answers.count]
        let wait = due.map { $0 - .now } ?? .zero
        guard wait > .zero else { return write(request, context) }
        let bound = NIOLoopBound((self, context), eventLoop: context.eventLoop)
        context.eventLoop.scheduleTask(in: .nanoseconds(Int64(wait.inLoadSeconds * 1e9))) {
            let (client, context) = bound.value
            client.write(request, context)
        }
    }

    private func write(_ request: Request, _ context: ChannelHandlerContext) {
        let headers: HTTPHeaders = [
            "Host": "hooks.swallow.example", "Content-Type": "application/x-www-form-urlencoded",
            "Content-Length": "\(request.body.count)", "X-Twilio-Signature": request.signature,
        ]
        sent = .now
        context.write(
            wrapOutboundOut(.head(HTTPRequestHead(version: .http1_1, method: .POST, uri: request.target, headers: headers))),
            promise: nil)
        context.write(wrapOutboundOut(.body(.byteBuffer(ByteBuffer(bytes: request.body)))), promise: nil)
        context.writeAndFlush(wrapOutboundOut(.end(nil)), promise: nil)
    }
}
