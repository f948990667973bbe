import NIOConcurrencyHelpers
public import NIOCore
import NIOPosix
public import NIOSSL

/// One frame as the SMSC sees it: nothing of our codec is used here, so that an error of ours is not answered by the same error.
public struct Frame: Sendable, Equatable {
    public var command: UInt32
    public var status: UInt32
    public var sequence: UInt32
    public var body: [UInt8]

    public init(command: UInt32, status: UInt32 = 0, sequence: UInt32, body: [UInt8] = []) {
        self.command = command
        self.status = status
        self.sequence = sequence
        self.body = body
    }

    public var bytes: [UInt8] {
        [UInt32(16 + body.count), command, status, sequence].flatMap { word in
            (0..<4).map { UInt8(truncatingIfNeeded: word >> (24 - 8 * $0)) }
        }
            + body
    }

    /// Cuts whole frames off the front.
    public static func take(_ bytes: inout [UInt8]) -> [Frame] {
        var frames: [Frame] = []
        var at = 0
        func word(_ at: Int) -> UInt32 { bytes[at..<(at + 4)].reduce(0) { $0 << 8 | UInt32($1) } }
        while bytes.count - at >= 16, bytes.count - at >= Int(word(at)) {
            let length = Int(word(at))
            frames.append(
                Frame(
                    command: word(at + 4), status: word(at + 8), sequence: word(at + 12),
                    body: Array(bytes[(at + 16)..<(at + length)])))
            at += length
        }
        bytes.removeFirst(at)
        return frames
    }

    public var isSubmit: Bool { command == 0x04 }
    public var isBind: Bool { [0x01, 0x02, 0x09].contains(command) }
    /// The answer to this request.
    public func answer(_ status: UInt32 = 0, _ body: [UInt8] = []) -> Frame {
        Frame(command: command | 0x8000_0000, status: status, sequence: sequence, body: body)
    }
    public func accepted(_ id: String) -> Frame { answer(0, Array(id.utf8) + [0]) }

    /// The destination of a submit_sm, read by hand: service_type, ton, npi, source, ton, npi, destination.
    public var destination: String {
        let strings = body.split(separator: 0, omittingEmptySubsequences: false)
        guard let afterService = body.firstIndex(of: 0), body.count > afterService + 3, strings.count > 1 else { return "" }
        var at = afterService + 3
        at = (body[at...].firstIndex(of: 0) ?? at) + 3
        guard at < body.count else { return "" }
        return String(decoding: body[at...].prefix { $0 != 0 }, as: UTF8.self)
    }

    public static func receipt(_ sequence: UInt32, _ text: String, from phone: String = "8613900000000", esmClass: UInt8 = 4)
        -> Frame
    {
        Frame(
            command: 0x05, sequence: sequence,
            body: [0, 1, 1] + Array(phone.utf8) + [0, 5, 0] + Array("Shop".utf8) + [
                0, esmClass, 0, 0, 0, 0, 0, 0, 0, 0, UInt8(text.utf8.count),
            ]
                + Array(text.utf8))
    }
}

/// A carrier that does what a test says, octet by octet: `respond` gets every frame that comes, and a line to answer on.
public final class ScriptedSMSC: @unchecked Sendable {
    // @unchecked: everything that changes is under `lock`.

    /// One connection of a client.
    public final class Line: @unchecked Sendable {
        // @unchecked: `channel` is thread-safe, `number` never changes, the rest is under `lock`.
        public let number: Int
        private let channel: any Channel
        private let log: (Bool, [UInt8]) -> Void

        init(number: Int, channel: any Channel, log: @escaping (Bool, [UInt8]) -> Void) {
            self.number = number
            self.channel = channel
            self.log = log
        }

        public func send(_ frames: Frame...) { send(frames.flatMap(\.bytes)) }
        public func send(_ bytes: [UInt8]) {
            log(false, bytes)
            channel.writeAndFlush(ByteBuffer(bytes: bytes), promise: nil)
        }
        public func sendLater(_ delay: TimeAmount, _ frames: Frame...) {
            let bytes = frames.flatMap(\.bytes)
            channel.eventLoop.scheduleTask(in: delay) { self.send(bytes) }
        }
        /// `then` once the system has taken all of it. Not kept.
        public func send(_ bytes: [UInt8], then: @escaping @Sendable () -> Void) {
            channel.writeAndFlush(ByteBuffer(bytes: bytes)).whenSuccess(then)
        }
        public func stopReading() {
            // A channel that is gone reads nothing either.
            channel.setOption(.autoRead, value: false).whenFailure { _ in }
        }
        public func close() { channel.close(promise: nil) }
    }

    public typealias Mood = @Sendable (Frame, Line) -> Void

    private let lock = NIOLock()
    private var server: (any Channel)?
    private var received: [(line: Int, frame: Frame)] = []
    private var open: [Line] = []
    private var opened = 0
    private var most = 0
    private var capture: [(isFromClient: Bool, bytes: [UInt8])] = []
    private let mood: Mood
    private let group = MultiThreadedEventLoopGroup(numberOfThreads: 1)

    /// `mood` gets everything but binds, enquire_link and unbind, which are answered kindly unless `isKind` is false.
    public init(port: Int = 0, isKind: Bool = true, tls: NIOSSLContext? = nil, mood: @escaping Mood) async throws {
        self.mood = { frame, line in
            if isKind, Self.kind(frame, line) { return }
            mood(frame, line)
        }
        server = try await ServerBootstrap(group: group)
            .serverChannelOption(.socketOption(.so_reuseaddr), value: 1)
            .childChannelOption(.tcpOption(.tcp_nodelay), value: 1)
            // Small, so that what waits between the two sides is little and moves evenly.
            .childChannelOption(.socketOption(.so_sndbuf), value: 32_768)
            .childChannelOption(.socketOption(.so_rcvbuf), value: 32_768)
            .childChannelInitializer { channel in
                channel.eventLoop.makeCompletedFuture {
                    if let tls { try channel.pipeline.syncOperations.addHandler(NIOSSLServerHandler(context: tls)) }
                    try channel.pipeline.syncOperations.addHandler(Handler(self))
                }
            }
            .bind(host: "127.0.0.1", port: port).get()
    }

    public var port: Int { lock.withLock { server?.localAddress?.port ?? 0 } }
    public var lines: [Line] { lock.withLock { open } }
    /// Connections there ever were.
    public var connections: Int { lock.withLock { opened } }
    /// As many as were ever open at once.
    public var mostLines: Int { lock.withLock { most } }
    /// What clients sent, in order.
    public var frames: [Frame] { lock.withLock { received.map(\.frame) } }
    public func frames(_ command: UInt32) -> [Frame] { frames.filter { $0.command == command } }
    /// Both directions, as they crossed the wire.
    public var captured: [(isFromClient: Bool, bytes: [UInt8])] { lock.withLock { capture } }

    public func stop() async throws {
        let channel = lock.withLock { server }
        try await channel?.close()
        for line in lines { line.close() }
        try await group.shutdownGracefully()
    }

    /// True when it was one of the frames that every carrier answers.
    public static func kind(_ frame: Frame, _ line: Line) -> Bool {
        switch frame.command {
        case 0x01, 0x02, 0x09: line.send(frame.answer(0, Array("carrier\0".utf8)))
        case 0x15, 0x06: line.send(frame.answer())
        case 0x8000_0015: break
        default: return false
        }
        return true
    }

    private final class Handler: ChannelInboundHandler, @unchecked Sendable {
        // @unchecked: only touched on its channel's event loop.
        typealias InboundIn = ByteBuffer
        private let server: ScriptedSMSC
        private var line: Line?
        private var rest: [UInt8] = []

        init(_ server: ScriptedSMSC) { self.server = server }

        func channelActive(context: ChannelHandlerContext) {
            let server = server
            line = server.lock.withLock {
                server.opened += 1
                let line = Line(number: server.opened, channel: context.channel) { isFromClient, bytes in
                    server.lock.withLock { server.capture.append((isFromClient, bytes)) }
                }
                server.open.append(line)
                server.most = max(server.most, server.open.count)
                return line
            }
        }

        func channelRead(context: ChannelHandlerContext, data: NIOAny) {
            rest += Array(unwrapInboundIn(data).readableBytesView)
            guard let line else { return }
            for frame in Frame.take(&rest) {
                server.lock.withLock {
                    server.received.append((line.number, frame))
                    server.capture.append((true, frame.bytes))
                }
                server.mood(frame, line)
            }
        }

        func channelInactive(context: ChannelHandlerContext) {
            server.lock.withLock { server.open.removeAll { $0.number == line?.number } }
        }
        func errorCaught(context: ChannelHandlerContext, error: any Error) { context.close(promise: nil) }
    }
}
