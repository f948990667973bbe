import AsyncHTTPClient
import Domain
import NIOCore
import NIOHTTP1
import NIOPosix
import NIOSSL
import Text

extension Prober {
    mutating func http(_ options: HTTPOptions) async throws {
        let secrets = try self.secrets { try HTTPSecrets(options).current() }
        let dialling = Dialling(host: options.host, port: options.port, timeout: options.connectTimeout)
        let channel = try await dial(dialling, allowsPrivate: options.allowsPrivate)
        if options.isTLS {
            let context = try self.secrets { try NIOSSLContext(configuration: try options.tlsConfiguration()) }
            let plain = "the server does not speak TLS on port \(options.port)"
            try await tls(dialling, context, serverName: options.host, plain: plain, on: channel)
        } else {
            report.skipped("tls", "the url begins with http: everything travels in the clear")
            await channel.closeQuietly()
        }
        guard let test = options.testURL else {
            let answer = try await answer(options, Self.request("HEAD", options.origin + "/"))
            report.offers(
                "HTTP",
                "HEAD / is answered with \(answer.status)"
                    + (answer.headers.first(name: "Server").map { ", Server: \($0)" } ?? ""))
            return report.skipped(
                "login", "not tried: without test_url only a message shows whether the credentials are right",
                "Name a test_url that needs the credentials and sends nothing, or pass --send --to ADDRESS.")
        }
        try await login(options, secrets, test)
    }

    private mutating func login(_ options: HTTPOptions, _ secrets: HTTPSecrets.Values, _ test: HTTPTemplate) async throws {
        let fields = options.fields(Self.noMessage, secrets)
        var request = Self.request("GET", test.render(fields))
        for (name, template) in options.form.headers where name.lowercased() != "content-type" {
            request.headers.add(name: name, value: template.render(fields))
        }
        if let authorization = secrets.authorization { request.headers.add(name: "Authorization", value: authorization) }
        let answer = try await answer(options, request)
        report.offers("HTTP", "the test_url is answered with \(answer.status)")
        let words = options.rules.errorText?.value(in: answer).map { ": \($0.withoutControls)" } ?? ""
        let shown = secrets.hidden.reduce("status \(answer.status)\(words)") { $0.replacing($1, with: "***") }
        switch answer.status {
        case 200...299: report.done("login", "the provider accepts the credentials (\(shown))")
        case 401, 403:
            throw Stop(
                step: "login",
                trouble: ProbeTrouble(
                    "the provider refuses the credentials (\(shown))",
                    "Correct the account and the content of \(options.secretFiles.map(\.path).joined(separator: ", "))."))
        case 404:
            throw Stop(
                step: "login",
                trouble: ProbeTrouble(
                    "there is nothing at the test_url (\(shown))", "Check the url, and the account's number in it."))
        default:
            throw Stop(
                step: "login",
                trouble: ProbeTrouble("the test_url is answered with \(shown)", "See what the provider's documentation says."))
        }
    }

    private static func request(_ method: String, _ url: String) -> HTTPRequestForm.Request {
        HTTPRequestForm.Request(url: url, method: HTTPMethod(rawValue: method), headers: ["User-Agent": "martlet"], body: [])
    }

    private static var noMessage: Submission {
        Submission(
            messageID: MessageID(0), attempt: 1, to: "",
            rendered: RenderedMessage(content: .http(""), from: "", templateVersion: 0),
            sendBy: .now + .seconds(15), answerBy: .now + .seconds(20), validity: .seconds(60))
    }

    /// By the client that messages go by, with its limits.
    private func answer(_ options: HTTPOptions, _ request: HTTPRequestForm.Request) async throws -> HTTPAnswer {
        let eventLoop = MultiThreadedEventLoopGroup.singleton.next()
        let gates = HTTPGates()
        let client = HTTPClient(
            eventLoopGroupProvider: .shared(eventLoop), configuration: try HTTPPool.configuration(options, gates))
        let job = HTTPJob(submission: Self.noMessage, request: request, hidden: [], result: { _ in })
        let event = await withCheckedContinuation { (waiter: CheckedContinuation<HTTPProbeEvent, Never>) in
            eventLoop.execute {
                let call = HTTPCall(job, on: eventLoop, gates: gates) { _, event in
                    switch event {
                    case .answered(let answer): waiter.resume(returning: .answered(answer))
                    case .failed(let error, _): waiter.resume(returning: .failed("\(error)"))
                    case .late: waiter.resume(returning: .failed("no answer within 20 s"))
                    }
                }
                call.start(client)
            }
        }
        do { try await client.shutdown() } catch {}  // It has served; how it ends has no consequence.
        switch event {
        case .answered(let answer): return answer
        case .failed(let words):
            throw Stop(
                step: "login",
                trouble: ProbeTrouble(
                    "the server does not speak HTTP as it should: \(words)", "Check scheme and port of the url."))
        }
    }
}

enum HTTPProbeEvent: Sendable {
    case answered(HTTPAnswer)
    case failed(String)
}
