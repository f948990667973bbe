import ArgumentParser
import NIOCore
import NIOHTTP1
import NIOPosix

/// What transports are measured against: a carrier and an HTTP API that accept everything, fast, after a fixed latency.
struct Peer: AsyncParsableCommand {
    enum Kind: String, ExpressibleByArgument { case smpp, http }
    static let configuration = CommandConfiguration(
        abstract: "Be a peer on 127.0.0.1 that accepts everything; runs until it is ended.")
    @Argument(help: "smpp or http.") var kind: Kind
    @Option(help: "Port to listen on.") var port: Int
    @Option(help: "Each answer leaves this long after its request, milliseconds.") var latency = 0

    func run() async throws {
        let delay = TimeAmount.milliseconds(Int64(latency))
        let server = try await ServerBootstrap(group: MultiThreadedEventLoopGroup.singleton)
            .serverChannelOption(.socketOption(.so_reuseaddr), value: 1)
            .childChannelOption(.tcpOption(.tcp_nodelay), value: 1)
            .childChannelInitializer { channel in
                channel.eventLoop.makeCompletedFuture {
                    let pipeline = channel.pipeline.syncOperations
                    switch kind {
                    case .smpp: try pipeline.addHandler(AcceptingCarrier(delay: delay))
                    case .http:
                        try pipeline.configureHTTPServerPipeline()
                        try pipeline.addHandler(AcceptingAPI(delay: delay))
                    }
                }
            }
            .bind(host: "127.0.0.1", port: port).get()
        try await server.closeFuture.get()
    }
}

/// Answers bind, submit_sm, enquire_link and unbind (SMPP 3.4, section 4) with ESME_ROK.
private final class AcceptingCarrier: ChannelInboundHandler {
    typealias InboundIn = ByteBuffer
    typealias OutboundOut = ByteBuffer
    private static let submit: UInt32 = 0x04
    private static let binds: Set<UInt32> = [0x01, 0x02, 0x09]
    private let delay: TimeAmount
    private var received = ByteBuffer()
    private var next = 0

    init(delay: TimeAmount) { self.delay = delay }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        var read = unwrapInboundIn(data)
        received.writeBuffer(&read)
        var answers = context.channel.allocator.buffer(capacity: 4096)
        while let length = received.getInteger(at: received.readerIndex, as: UInt32.self), (16...65_536).contains(length),
            var frame = received.readSlice(length: Int(length))
        {
            frame.moveReaderIndex(forwardBy: 4)
            guard let command = frame.readInteger(as: UInt32.self), frame.readInteger(as: UInt32.self) != nil,
                let sequence = frame.readInteger(as: UInt32.self), command < 0x8000_0000
            else { continue }
            answer(command, sequence, into: &answers)
        }
        received.discardReadBytes()
        guard answers.readableBytes > 0 else { return }
        let written = wrapOutboundOut(answers)
        guard delay > .nanoseconds(0) else { return context.writeAndFlush(written, promise: nil) }
        let channel = context.channel
        context.eventLoop.scheduleTask(in: delay) { [answers] in channel.writeAndFlush(answers, promise: nil) }
    }

    private func answer(_ command: UInt32, _ sequence: UInt32, into answers: inout ByteBuffer) {
        var body = ""
        if Self.binds.contains(command) { body = "load\0" }
        if command == Self.submit {
            next += 1
            body = "\(next)\0"
        }
        answers.writeInteger(UInt32(16 + body.utf8.count))
        answers.writeMultipleIntegers(command | 0x8000_0000, UInt32(0), sequence)
        answers.writeString(body)
    }
}

/// Answers every request with `201 {"id": "n"}`.
private final class AcceptingAPI: ChannelInboundHandler {
    typealias InboundIn = HTTPServerRequestPart
    typealias OutboundOut = HTTPServerResponsePart
    private let delay: TimeAmount
    private var next = 0

    init(delay: TimeAmount) { self.delay = delay }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        guard case .end = unwrapInboundIn(data) else { return }
        next += 1
        let body = ByteBuffer(string: #"{"id": "\#(next)"}"#)
        let headers: HTTPHeaders = ["content-type": "application/json", "content-length": "\(body.readableBytes)"]
        let channel = context.channel
        let send: @Sendable () -> Void = {
            channel.write(HTTPServerResponsePart.head(.init(version: .http1_1, status: .created, headers: headers)), promise: nil)
            channel.write(HTTPServerResponsePart.body(.byteBuffer(body)), promise: nil)
            channel.writeAndFlush(HTTPServerResponsePart.end(nil), promise: nil)
        }
        if delay > .nanoseconds(0) { context.eventLoop.scheduleTask(in: delay, send) } else { send() }
    }
}
