import NIOCore
import NIOTLS

/// Tells how a handshake ended.
final class HandshakeWaiter: ChannelInboundHandler {
    typealias InboundIn = Any
    private let promise: EventLoopPromise<Void>
    private var isOver = false

    init(_ promise: EventLoopPromise<Void>) { self.promise = promise }

    struct Ended: Error, CustomStringConvertible {
        var description: String
    }

    private func end(_ result: Result<Void, any Error>) {
        guard !isOver else { return }
        isOver = true
        promise.completeWith(result)
    }

    func giveUp(after timeout: TimeAmount, on channel: any NIOCore.Channel) {
        let bound = NIOLoopBound(self, eventLoop: channel.eventLoop)
        channel.eventLoop.scheduleTask(in: timeout) {
            bound.value.end(
                .failure(Ended(description: "the server accepted the connection and does not answer the TLS handshake")))
        }
    }

    func userInboundEventTriggered(context: ChannelHandlerContext, event: Any) {
        if case .handshakeCompleted = event as? TLSUserEvent { end(.success(())) }
        context.fireUserInboundEventTriggered(event)
    }

    func errorCaught(context: ChannelHandlerContext, error: any Error) {
        end(.failure(error))
        context.close(promise: nil)
    }

    func channelInactive(context: ChannelHandlerContext) {
        end(.failure(Ended(description: "the server closed the connection during the TLS handshake")))
        context.fireChannelInactive()
    }
}
