import Domain
import Foundation
import Testing

@testable import Callbacks
@testable import Transports

@Suite("Standard Webhooks: signatures and options")
struct WebhookTests {
    private static let options = ["url": "https://shop.example.com/events", "signing_secret_file": "/nowhere"]

    private static func check(_ change: [String: String?]) throws {
        var options = options
        for (key, value) in change { options[key] = value }
        try TransportFactory.check(
            ProviderPolicy(name: "webhook-shop", transport: "webhook", channels: [.webhook], options: options))
    }

    @Test("a signature is the one of the specification's own example")
    func example() throws {
        // https://github.com/standard-webhooks/standard-webhooks/blob/main/spec/standard-webhooks.md
        let signature = try WebhookSignature(lines: "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw\n")
        let header = signature.header(
            id: "msg_p5jXN8AQM9LWM0D4loKWxJek", timestamp: 1_614_265_330, body: Array(#"{"test": 2432232314}"#.utf8))
        #expect(header == "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=")
    }

    @Test("two secrets sign both, the first in front; neither shows in a description")
    func two() throws {
        let (new, old) = ("whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw", "whsec_AfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw")
        func header(_ lines: String) throws -> String {
            try WebhookSignature(lines: lines).header(id: "1", timestamp: 1, body: [1])
        }
        #expect(try header("\(new)\n\n \(old) \n") == header(new) + " " + header(old))
        #expect(try header(new) != header(old))
        let shown = "\(try WebhookSignature(lines: new)) \(String(reflecting: try WebhookSignature(lines: new)))"
        #expect(!shown.contains("MfKQ") && !shown.contains("49"))
    }

    @Test(
        "what is no secret is refused",
        arguments: [
            "", "\n", "MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw", "whsec_", "whsec_not base64", "whsec_c2hvcnQ=",
            "whsec_" + Data(repeating: 1, count: 65).base64EncodedString(),
            Array(repeating: "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw", count: 3).joined(separator: "\n"),
        ])
    func refused(lines: String) {
        #expect(throws: WebhookSignature.Problem.self) { try WebhookSignature(lines: lines) }
    }

    @Test("a private address, a placeholder, http and an unknown option are refused before anything is sent")
    func options() throws {
        try Self.check([:])
        try Self.check(["url": "http://127.0.0.1:1/x", "in_clear": "true", "allow_private": "true"])
        for url in [
            "http://shop.example.com/", "https://127.0.0.1/", "https://[::1]/", "https://10.1.2.3/x", "https://169.254.169.254/",
            "https://shop.example.com/{to}", "shop.example.com", "https://user:pass@shop.example.com/",
        ] {
            #expect(throws: ProviderError.self, "\(url)") { try Self.check(["url": url]) }
        }
        #expect(throws: ProviderError.self) { try Self.check(["body": "{text}"]) }
        #expect(throws: ProviderError.self) { try Self.check(["signing_secret_file": nil]) }
    }

    @Test(
        "2xx is taken, 410 is final, 429 pauses, everything else is tried again",
        arguments: [
            (200, "accepted"), (204, "accepted"), (410, "rejected"), (429, "deferred"), (500, "deferred"), (502, "deferred"),
            (503, "deferred"), (504, "deferred"), (400, "deferred"), (401, "deferred"), (404, "deferred"), (413, "deferred"),
            (301, "deferred"), (307, "deferred"),
        ])
    func answers(status: Int, outcome: String) {
        let verdict = HTTPRules.webhook.verdict(
            HTTPAnswer(status: status, body: Array("secret words".utf8)), validity: .seconds(60)
        ) { $0 }
        #expect(verdict.outcome.name == outcome)
        #expect(verdict.outcome.failure?.countsAttempt ?? true == (status != 429))
        #expect(verdict.outcome.failure?.detail.contains("secret words") != true)
        #expect((verdict.outcome.failure?.detail.contains("webhooks.yaml") ?? false) == (status == 410))
    }
}
