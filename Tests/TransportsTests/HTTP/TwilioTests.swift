import Domain
import Foundation
import ProviderSupport
import Testing

@testable import Transports

@Suite("Twilio's Messages API", .serialized, .timeLimit(.minutes(2)))
struct TwilioTests {
    private func policy(_ port: Int, _ secret: String, _ options: [String: String] = [:]) throws -> ProviderPolicy {
        var policy = try ProviderExamples.local("twilio-sms.yaml", port: port, secret: secret)
        policy.options.merge(options) { $1 }
        return policy
    }

    @Test("form, basic authentication, StatusCallback and ValidityPeriod are what Twilio's own client sends")
    func sameAsOfficialClient() async throws {
        let server = try await HTTPTests.imitations()
        let secret = try SecretFile(testSecret)
        let callback = "https://hooks.example.com/t?m={message_id}&a={attempt}"
        let transport = try TransportFactory.make(policy(server.port, secret.path, ["status_callback": callback]))
        var one = submission(
            42, attempt: 3, to: "+447700900123", text: HTTPExampleTests.nasty, from: "+15005550006", sendWithin: .seconds(30))
        one.validity = .seconds(900)
        let accepted = await transport.answers([one])[0].outcome
        #expect(accepted == .accepted(reference: "SM00000000000000000000000000000001"))
        await transport.drain()
        let script = """
            import sys
            from twilio.rest import Client
            from twilio.http.http_client import TwilioHttpClient
            class Local(TwilioHttpClient):
                def request(self, method, url, *more, **named):
                    return super().request(method, url.replace("https://api.twilio.com", sys.argv[1]), *more, **named)
            client = Client("AC00000000000000000000000000000000", sys.argv[2], http_client=Local())
            client.messages.create(to="+447700900123", from_="+15005550006", body=sys.stdin.read(), validity_period=900,
                status_callback="https://hooks.example.com/t?m=42&a=3")
            """
        try await Programs.run(
            Programs.python, ["-c", script, "http://127.0.0.1:\(server.port)", testSecret],
            input: HTTPExampleTests.nasty.replacing("\r\n", with: "\n"))
        let seen = try SeenRequest.all(server)
        try #require(seen.count == 2)
        func fields(_ request: SeenRequest) -> Set<String> { Set(request.body.split(separator: "&").map(String.init)) }
        // Python's text input makes one line end of two; the form fields are the same letter by letter otherwise.
        #expect(fields(seen[0]) == Set(fields(seen[1]).map { $0.replacing("%0A%09", with: "%0D%0A%09") }))
        for name in ["Authorization", "Content-Type"] { #expect(seen[0].header(name) == seen[1].header(name)) }
        #expect(seen[0].path == seen[1].path)
    }

    @Test("the validity is the message's, between a second and ten hours", arguments: [(0, 1), (7, 7), (86_400, 36_000)])
    func validity(seconds: Int, sent: Int) async throws {
        let server = try await HTTPTests.imitations()
        let secret = try SecretFile(testSecret)
        let transport = try TransportFactory.make(policy(server.port, secret.path))
        var one = submission(to: "+447700900123", sendWithin: .seconds(30))
        one.validity = .seconds(seconds)
        #expect(await transport.answers([one])[0].outcome.name == "accepted")
        await transport.drain()
        let request = try #require(try SeenRequest.all(server).first)
        #expect(request.body.contains("ValidityPeriod=\(sent)"))
    }

    @Test("a messaging service replaces the sender, an API key the account's token, and WhatsApp has its prefix")
    func variants() async throws {
        let server = try await HTTPTests.imitations()
        let secret = try SecretFile(testSecret)
        var service = try policy(
            server.port, secret.path,
            ["messaging_service_sid": "MG1", "address_prefix": "whatsapp:", "validity": "off", "api_key_sid": "SK1"])
        service.options["status_callback"] = nil
        service.options["api_key_secret_file"] = service.options.removeValue(forKey: "auth_token_file")
        let transport = try TransportFactory.make(service)
        _ = await transport.answers([submission(to: "+447700900123", text: "hi", sendWithin: .seconds(30))])
        await transport.drain()
        let request = try #require(try SeenRequest.all(server).first)
        #expect(request.body == "To=whatsapp%3A%2B447700900123&MessagingServiceSid=MG1&Body=hi")
        #expect(request.header("Authorization") == "Basic " + Data("SK1:\(testSecret)".utf8).base64EncodedString())
    }

    @Test(
        "what is wrong with the options is said with its remedy",
        arguments: [
            (["account_sid": nil], "option account_sid is missing"), (["account_sid": "AC/../x"], "account_sid cannot be"),
            (["auth_token_file": nil], "option auth_token_file is missing"),
            (["status_callback": "ftp://x"], "status_callback cannot be"),
            (["status_callback": "https://x/{text}"], "status_callback cannot be"),
            (["validity": "maybe"], "validity cannot be"), (["auth_token": "x"], "unknown option auth_token"),
            (["base_url": "http://api.example.com"], "in_clear: true"), (["base_url": "https://10.0.0.1"], "allow_private: true"),
        ] as [([String: String?], String)])
    func options(change: [String: String?], problem: String) throws {
        var options: [String: String] = ["account_sid": "AC1", "auth_token_file": "/x"]
        for (name, value) in change { options[name] = value }
        #expect {
            try TransportFactory.check(ProviderPolicy(name: "t", transport: "twilio", channels: [.sms], options: options))
        } throws: {
            "\($0)".contains(problem)
        }
    }
}
