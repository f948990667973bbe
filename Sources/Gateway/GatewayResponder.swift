import Foundation
import HTTPTypes
import Hummingbird
import HummingbirdCore
import Logging
import NIOCore
import Telemetry
import Transports

/// What a request comes with: its connection, to be rid of who does not finish.
struct GatewayContext: InitializableFromSource {
    typealias Source = ApplicationRequestContextSource
    let channel: any Channel
    init(source: ApplicationRequestContextSource) { channel = source.channel }
}

/// The paths: `/callbacks/PROVIDER[/MESSAGE/ATTEMPT]`, `/c/TOKEN`, `/o/TOKEN.gif`, `/u/TOKEN`, `/y/TOKEN`, `/health`.
struct GatewayResponder: HTTPResponder {
    static let maximumBody = 65_536
    /// For a whole body to arrive.
    static let bodyDeadline = TimeAmount.seconds(10)

    let policy: GatewayPolicy
    let callbacks: CallbackTaker
    let unsubscribing: Unsubscribing
    let links: LinkFollowing
    let confirming: Confirming

    func respond(to request: Request, context: GatewayContext) async throws -> Response {
        let path = request.uri.string.prefix { $0 != "?" && $0 != "#" }
        let steps = path.split(separator: "/", omittingEmptySubsequences: false).dropFirst().map(String.init)
        switch (steps.first, steps.count) {
        case ("callbacks", 2), ("callbacks", 4):
            guard request.method == .post || request.method == .get else { return .text(.methodNotAllowed, allow: "GET, POST") }
            guard let body = await body(of: request, context) else { return tooLarge(context) }
            return await callbacks.take(request, provider: steps[1], handOver: steps.count == 4 ? steps[2...] : [], body: body)
        case ("u", 2), ("y", 2):
            guard [.get, .head, .post].contains(request.method) else { return .text(.methodNotAllowed, allow: "GET, HEAD, POST") }
            guard let body = await body(of: request, context) else { return tooLarge(context) }
            return steps[0] == "y"
                ? await confirming.respond(to: request, token: steps[1], body: body)
                : await unsubscribing.respond(to: request, token: steps[1], body: body)
        case ("c", 2), ("o", 2):
            guard request.method == .get || request.method == .head else { return .text(.methodNotAllowed, allow: "GET, HEAD") }
            return steps[0] == "c" ? await links.follow(request, token: steps[1]) : links.picture(request, token: steps[1])
        case ("health", 1):
            let reasons = policy.reasonsNotReady
            return reasons.isEmpty
                ? .text(.ok, "ok\n") : .text(.serviceUnavailable, reasons.map { "\($0)\n" }.joined(), retryAfter: 1)
        default: return .text(.notFound, "not found\n")
        }
    }

    /// nil: too large, or it never came to its end.
    private func body(of request: Request, _ context: GatewayContext) async -> [UInt8]? {
        if let length = request.headers[.contentLength].flatMap({ Int($0) }), length > Self.maximumBody { return nil }
        let channel = context.channel
        let timeout = channel.eventLoop.scheduleTask(in: Self.bodyDeadline) { channel.close(promise: nil) }
        defer { timeout.cancel() }
        var bytes: [UInt8] = []
        do {
            for try await chunk in request.body {
                guard bytes.count + chunk.readableBytes <= Self.maximumBody else { return nil }
                bytes.append(contentsOf: chunk.readableBytesView)
            }
        } catch {
            return nil  // nobody is there any more to be told why
        }
        return bytes
    }

    /// The rest of it is not awaited: the connection ends when the answer has had a second to arrive.
    private func tooLarge(_ context: GatewayContext) -> Response {
        let channel = context.channel
        channel.eventLoop.scheduleTask(in: .seconds(1)) { channel.close(promise: nil) }
        var response = Response.text(.contentTooLarge, "at most \(Self.maximumBody) bytes\n")
        response.headers[.connection] = "close"
        return response
    }
}

extension Response {
    static func text(
        _ status: HTTPResponse.Status, _ text: String = "", allow: String? = nil, retryAfter: Int? = nil
    ) -> Response {
        var headers = HTTPFields()
        if !text.isEmpty { headers[.contentType] = "text/plain; charset=utf-8" }
        headers[.cacheControl] = "no-store"
        if let allow { headers[.allow] = allow }
        if let retryAfter { headers[.retryAfter] = "\(retryAfter)" }
        return Response(status: status, headers: headers, body: ResponseBody(byteBuffer: ByteBuffer(string: text)))
    }
}
