import Callbacks
import HTTPTypes
import Hummingbird
import HummingbirdCore
import Logging
import Synchronization
import Telemetry

/// Takes callbacks of providers: verified, read, kept, and only then answered with 200.
struct CallbackTaker: Sendable {
    let policy: GatewayPolicy
    let queue: BatchQueue<ProviderEvent>
    /// nil: `https` and the request's own Host.
    let publicURL: String?
    let meters: Meters
    let logger: Logger
    private let quiet = Quiet()

    init(policy: GatewayPolicy, queue: BatchQueue<ProviderEvent>, publicURL: String?, meters: Meters, logger: Logger) {
        self.policy = policy
        self.queue = queue
        self.publicURL = publicURL
        self.meters = meters
        self.logger = logger
    }

    func take(_ request: Request, provider: String, handOver: ArraySlice<String>, body: [UInt8]) async -> Response {
        guard policy.snapshot != nil else { return .text(.serviceUnavailable, "starting\n", retryAfter: 5) }
        guard let reader = policy.callbacks(of: provider) else { return .text(.notFound, "no such provider\n") }
        var named: HandOver?
        if let message = handOver.first, let attempt = handOver.last {
            named = HandOver(message: message, attempt: attempt)
            guard named != nil else { return .text(.notFound, "no such message\n") }
        }
        let headers = request.headers
        let callback = CallbackRequest(
            method: request.method.rawValue, target: request.uri.string,
            publicURL: publicURL ?? "https://\(request.head.authority ?? "")", body: body, handOver: named,
            header: { name in HTTPField.Name(name).flatMap { headers[$0] } })
        let (word, response) = await respond(to: reader.read(callback), provider, answer: reader.answer)
        meters.count("martlet_callbacks_total", [("provider", provider), ("result", word)])
        return response
    }

    /// - Parameter answer: what the provider takes for a yes; nil: an empty body.
    private func respond(to verdict: CallbackVerdict, _ provider: String, answer: String?) async -> (String, Response) {
        switch verdict {
        case .forged(let challenge):
            note("a callback was not signed as it should be; it was refused", provider)
            var response = Response.text(challenge == nil ? .forbidden : .unauthorized, "not verified\n")
            if let challenge { response.headers[.wwwAuthenticate] = challenge }
            return ("forged", response)
        case .handshake(let text): return ("handshake", .text(.ok, text))
        case .unverifiable(let problem):
            note("callbacks cannot be verified: \(problem)", provider)
            return ("unverifiable", .text(.serviceUnavailable, "cannot verify it now\n", retryAfter: 60))
        case .unreadable(let problem):
            note("a callback cannot be read: \(problem)", provider)
            return ("unreadable", .text(.badRequest, "\(problem)\n"))
        case .events(let events) where events.isEmpty:
            logger.debug("a callback has nothing that the policy describes", metadata: ["provider": "\(provider)"])
            return ("nothing", .taken(answer))
        case .events(let events):
            do {
                try await queue.submit(events)
                return ("kept", .taken(answer))
            } catch QueueRefusal.full {
                return ("full", .text(.serviceUnavailable, "too many at once\n", retryAfter: 1))
            } catch {
                return ("failed", .text(.serviceUnavailable, "not kept\n", retryAfter: 5))
            }
        }
    }

    /// Once in ten seconds for each provider: a stranger who knocks fills no log.
    private func note(_ text: String, _ provider: String) {
        guard quiet.maySpeak(provider) else { return }
        logger.warning("\(text)", metadata: ["provider": "\(provider)"])
    }

    private final class Quiet: Sendable {
        private let spoken = Mutex<[String: ContinuousClock.Instant]>([:])
        func maySpeak(_ provider: String) -> Bool {
            spoken.withLock { spoken in
                if let last = spoken[provider], .now - last < .seconds(10) { return false }
                spoken[provider] = .now
                return true
            }
        }
    }
}

extension Response {
    fileprivate static func taken(_ answer: String?) -> Response {
        guard let answer else { return .text(.ok) }
        var response = Response.text(.ok, answer)
        if answer.hasPrefix("{") || answer.hasPrefix("[") { response.headers[.contentType] = "application/json; charset=utf-8" }
        return response
    }
}
