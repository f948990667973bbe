import AsyncHTTPClient
import NIOCore
import NIOHTTP1

/// The calls of one client that have not begun to write, by the name that their requests carry as far as the gate.
final class HTTPGates: @unchecked Sendable {
    // @unchecked: only touched on the client's event loop.
    private var calls: [String: HTTPCall] = [:]
    private var last = 0

    /// - Returns: its name.
    func add(_ call: HTTPCall) -> String {
        last += 1
        calls["\(last)"] = call
        return "\(last)"
    }

    func take(_ name: String) -> HTTPCall? { calls.removeValue(forKey: name) }

    /// Puts a gate in front of a new connection's encoder. A connection that was closed meanwhile has none.
    func guardConnection(_ channel: any Channel) -> EventLoopFuture<Void> {
        channel.eventLoop.makeCompletedFuture {
            guard channel.isActive else { throw HTTPClientError.remoteConnectionClosed }
            let pipeline = channel.pipeline.syncOperations
            let encoder = try pipeline.handler(type: HTTPRequestEncoder.self)
            try pipeline.addHandler(HTTPGate(self), position: .after(encoder))
        }
    }
}

/// Asks once more, where a request is written, whether it may still leave: between the start of a call and its first byte lie the name, the
/// connection, the handshake and the pool, and the process may have stood still in any of them.
final class HTTPGate: ChannelOutboundHandler {
    typealias OutboundIn = HTTPClientRequestPart
    typealias OutboundOut = HTTPClientRequestPart

    /// Never leaves.
    static let header = "Martlet-Call"
    struct TooLate: Error {}

    private let gates: HTTPGates
    /// Nothing leaves by this connection any more.
    private var isShut = false

    init(_ gates: HTTPGates) { self.gates = gates }

    func write(context: ChannelHandlerContext, data: NIOAny, promise: EventLoopPromise<Void>?) {
        guard !isShut else {
            promise?.fail(TooLate())
            return
        }
        guard case .head(var head) = unwrapOutboundIn(data), let name = head.headers.first(name: Self.header) else {
            return context.write(data, promise: promise)
        }
        head.headers.remove(name: Self.header)
        guard let call = gates.take(name), call.mayLeave() else { return shut(context, promise) }
        let written = promise ?? context.eventLoop.makePromise(of: Void.self)
        // Before the client hears of it: whether the message is in doubt depends on it.
        written.futureResult.assumeIsolated().whenFailure { _ in call.neverLeft() }
        context.write(wrapOutboundOut(.head(head)), promise: written)
    }

    /// The client is in the middle of writing: the connection ends after that.
    private func shut(_ context: ChannelHandlerContext, _ promise: EventLoopPromise<Void>?) {
        isShut = true
        promise?.fail(TooLate())
        let channel = context.channel
        context.eventLoop.execute { channel.close(promise: nil) }
    }
}
