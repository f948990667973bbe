import Callbacks
import Foundation
import HTTPTypes
import Hummingbird
import HummingbirdCore
import Logging
import NIOCore
import Synchronization
import Telemetry

/// What a request comes with: its connection, to be rid of who does not finish.
struct GatewayContext: InitializableFromSource {
    typealias Source = ApplicationRequestContextSource
    let channel: any Channel
    init(source: ApplicationRequestContextSource) { channel = source.channel }
}

/// The paths: `/callbacks/PROVIDER[/MESSAGE/ATTEMPT]`, `/c/TOKEN`, `/o/TOKEN.gif`, `/u/TOKEN`, `/y/TOKEN`, `/health`.
struct GatewayResponder: HTTPResponder {
    /// Of everything but callbacks, whose limit is their provider's.
    static let maximumBody = 65_536
    /// For a whole body to arrive.
    static let bodyDeadline = TimeAmount.seconds(10)

    let policy: GatewayPolicy
    let callbacks: CallbackTaker
    let unsubscribing: Unsubscribing
    let links: LinkFollowing
    let confirming: Confirming
    private let bodies = BodyRoom()

    init(
        policy: GatewayPolicy, callbacks: CallbackTaker, unsubscribing: Unsubscribing, links: LinkFollowing,
        confirming: Confirming
    ) {
        self.policy = policy
        self.callbacks = callbacks
        self.unsubscribing = unsubscribing
        self.links = links
        self.confirming = confirming
    }

    func respond(to request: Request, context: GatewayContext) async throws -> Response {
        let path = request.uri.string.prefix { $0 != "?" && $0 != "#" }
        var steps = path.split(separator: "/", omittingEmptySubsequences: false).dropFirst().map(String.init)
        // What is written with a slash at the end means the same.
        if steps.count > 1, steps.last == "" { steps.removeLast() }
        switch (steps.first, steps.count) {
        case ("callbacks", 2), ("callbacks", 4):
            guard request.method == .post || request.method == .get else { return .text(.methodNotAllowed, allow: "GET, POST") }
            let limit = policy.callbacks(of: steps[1])?.maximumBody ?? Self.maximumBody
            let body: [UInt8]
            switch await self.body(of: request, limit: limit, context) {
            case .whole(let whole): body = whole
            case .tooLarge: return tooLarge(limit, context)
            case .noRoom: return .text(.serviceUnavailable, "too many at once\n", retryAfter: 1)
            }
            defer { bodies.giveBack(body.count) }
            return await callbacks.take(request, provider: steps[1], handOver: steps.count == 4 ? steps[2...] : [], body: body)
        case ("u", 2), ("y", 2):
            guard [.get, .head, .post].contains(request.method) else { return .text(.methodNotAllowed, allow: "GET, HEAD, POST") }
            guard case .whole(let body) = await body(of: request, limit: Self.maximumBody, context) else {
                return tooLarge(Self.maximumBody, context)
            }
            // What programs take along from behind a link (`/y/TOKEN，`, `/u/TOKEN>`) is no part of it.
            let token = String(steps[1].prefix { $0.isASCII && ($0.isLetter || $0.isNumber) })
            return steps[0] == "y"
                ? await confirming.respond(to: request, token: token, body: body)
                : await unsubscribing.respond(to: request, token: token, body: body)
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

    private enum Body {
        case whole([UInt8])
        /// Or it never came to its end.
        case tooLarge
        /// Large ones of others fill the memory that there is for them.
        case noRoom
    }

    /// A whole body has its room in `bodies` until that is given back.
    private func body(of request: Request, limit: Int, _ context: GatewayContext) async -> Body {
        if let length = request.headers[.contentLength].flatMap({ Int($0) }), length > limit { return .tooLarge }
        let channel = context.channel
        let timeout = channel.eventLoop.scheduleTask(in: Self.bodyDeadline) { channel.close(promise: nil) }
        defer { timeout.cancel() }
        var bytes: [UInt8] = []
        do {
            for try await chunk in request.body {
                guard bytes.count + chunk.readableBytes <= limit else {
                    bodies.giveBack(bytes.count)
                    return .tooLarge
                }
                guard bodies.take(chunk.readableBytes, after: bytes.count) else {
                    bodies.giveBack(bytes.count)
                    return .noRoom
                }
                bytes.append(contentsOf: chunk.readableBytesView)
            }
        } catch {
            bodies.giveBack(bytes.count)
            return .tooLarge  // the client is gone: it cannot read why
        }
        return .whole(bytes)
    }

    /// The rest of it is not awaited: the connection ends when the answer has had a second to arrive.
    private func tooLarge(_ limit: Int, _ context: GatewayContext) -> Response {
        let channel = context.channel
        channel.eventLoop.scheduleTask(in: .seconds(1)) { channel.close(promise: nil) }
        var response = Response.text(.contentTooLarge, "at most \(limit) bytes\n")
        response.headers[.connection] = "close"
        return response
    }
}

/// The memory that bodies may have together which are larger than `GatewayResponder.maximumBody`: anybody can send some before it is known that he
/// may not. Below that size the number of connections is limit enough.
final class BodyRoom: Sendable {
    static let room = 64 << 20
    private let taken = Mutex(0)

    /// False: there is none left.
    /// - Parameter before: octets of the same body that were taken already.
    func take(_ octets: Int, after before: Int) -> Bool {
        let more = Self.large(before + octets) - Self.large(before)
        guard more > 0 else { return true }
        return taken.withLock { taken in
            guard taken + more <= Self.room else { return false }
            taken += more
            return true
        }
    }

    /// - Parameter octets: of a whole body.
    func giveBack(_ octets: Int) {
        let large = Self.large(octets)
        if large > 0 { taken.withLock { $0 -= large } }
    }

    private static func large(_ octets: Int) -> Int { octets > GatewayResponder.maximumBody ? octets : 0 }
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
