import Domain
import Foundation
import ProviderSupport
import Testing

@testable import Callbacks
@testable import Transports

@Suite("who may call back")
struct CallbackAuthTests {
    static let secret = "0123456789abcdef-first"
    static let next = "0123456789abcdef-second"

    static func request(
        _ body: String = "", target: String = "/callbacks/p", method: String = "POST", headers: [String: String] = [:]
    ) -> CallbackRequest {
        CallbackRequest(
            method: method, target: target, publicURL: "https://hooks.example.com", body: Array(body.utf8),
            header: { name in headers.first { $0.key.lowercased() == name.lowercased() }?.value })
    }

    private func isGenuine(_ auth: String, _ request: CallbackRequest, _ secrets: [String] = [secret, next], now: Date = .now)
        throws -> Bool
    {
        try CallbackAuth(auth).isGenuine(request, secrets, now: now)
    }

    /// Values of Twilio's own documentation and library tests.
    @Test("Twilio's documented example is genuine, and nothing that differs from it by a byte")
    func twilioExample() {
        let body = "From=%2B14158675309&To=%2B18005551212&CallSid=CA1234567890ABCDE&Caller=%2B14158675309&Digits=1234"
        func signed(
            _ body: String, _ target: String = "/myapp.php?foo=1&bar=2", _ signature: String = "RSOYDt4T1cUTdK1PDd93/VVr8B8="
        ) -> Bool {
            var request = Self.request(body, target: target, headers: ["X-Twilio-Signature": signature])
            request.publicURL = "https://mycompany.com"
            return CallbackAuth.twilio.isGenuine(request, ["another token", "12345"])
        }
        #expect(signed(body))
        #expect(signed(body.split(separator: "&").reversed().joined(separator: "&")), "the order of fields is free")
        #expect(!signed(body.replacing("1234&", with: "1235&").replacing("Digits=1234", with: "Digits=1235")))
        #expect(!signed(body + "&a=b"))
        #expect(!signed(body, "/myapp.php?foo=1&bar=3"))
        #expect(!signed(body, "/myapp.php?foo=1&bar=2", "RSOYDt4T1cUTdK1PDd93/VVr9B8="))
        #expect(!signed(body, "/myapp.php?foo=1&bar=2", "RSOYDt4T1cUTdK1PDd93/VVr8A=="))
        #expect(!signed(body, "/myapp.php?foo=1&bar=2", ""))
    }

    @Test(
        "Twilio's own library signs whatever stands in a form as we do",
        arguments: ["a b+c&d=e", "😀 ünï\r\n\u{1}", "", "%2B", "=&=&"])
    func twilioOracle(text: String) async throws {
        let script = """
            import sys, json
            from twilio.request_validator import RequestValidator
            given = json.load(sys.stdin)
            print(RequestValidator(given["token"]).compute_signature(given["url"], {"Body": given["text"], "From": "+1", "Zz": "", "a": "b"}))
            """
        let target = "/callbacks/p/12/1?x=%20y"
        let given = try JSONSerialization.data(
            withJSONObject: ["token": Self.next, "url": "https://hooks.example.com" + target, "text": text])
        let signature = try await Programs.run(Programs.python, ["-c", script], input: String(decoding: given, as: UTF8.self))
            .trimmingCharacters(in: .whitespacesAndNewlines)
        let body = "a=b&Body=\(HTTPTemplate.form(text))&From=%2B1&Zz="
        #expect(
            CallbackAuth.twilio.isGenuine(
                Self.request(body, target: target, headers: ["x-twilio-signature": signature]), [Self.secret, Self.next]))
        #expect(
            TwilioSignature.sign(url: "https://hooks.example.com" + target, body: Array(body.utf8), token: Self.next) == signature
        )
    }

    @Test("passwords and tokens: the first secret, the second, and nothing else")
    func words() throws {
        func basic(_ text: String) -> CallbackRequest {
            Self.request(headers: ["authorization": "Basic " + Data(text.utf8).base64EncodedString()])
        }
        for (secret, expected) in [
            (Self.secret, true), (Self.next, true), ("", false), ("0123456789abcdef", false), (Self.secret + " ", false),
        ] {
            #expect(try isGenuine("basic", basic(secret)) == expected)
            #expect(try isGenuine("token header:X-Key", Self.request(headers: ["x-key": secret])) == expected)
            let target = "/callbacks/p?a=b&key=\(HTTPTemplate.url(secret))"
            #expect(try isGenuine("token query:key", Self.request(target: target)) == expected)
        }
        #expect(try !isGenuine("basic", Self.request()))
        #expect(try !isGenuine("token header:X-Key", Self.request()))
        #expect(try !isGenuine("basic", Self.request(headers: ["Authorization": "Bearer \(Self.secret)"])))
    }

    @Test("signatures: GitHub's and Meta's form, Standard Webhooks' form with its published example, hex in either case")
    func signatures() throws {
        // https://docs.github.com/en/webhooks/using-webhooks/validating-webhook-deliveries
        let github = ["X-Hub-Signature-256": "sha256=757107ea0eb2509fc211221cce984b8a37570b6d7586c22c46f4379c8b043e17"]
        let auth = "hmac-sha256 hex header:X-Hub-Signature-256 prefix=sha256="
        let secrets = [Self.secret, "It's a Secret to Everybody"]
        #expect(try isGenuine(auth, Self.request("Hello, World!", headers: github), secrets))
        #expect(
            try isGenuine(
                auth, Self.request("Hello, World!", headers: github.mapValues { "sha256=" + $0.dropFirst(7).uppercased() }),
                secrets))
        #expect(try !isGenuine(auth, Self.request("Hello, World?", headers: github), secrets))
        #expect(
            try !isGenuine(auth, Self.request("Hello, World!", headers: github.mapValues { String($0.dropFirst(7)) }), secrets))
        #expect(
            try !isGenuine(auth, Self.request("Hello, World!", headers: github.mapValues { String($0.dropLast(2)) }), secrets))
        // https://github.com/standard-webhooks/standard-webhooks and its libraries' tests
        let standard =
            "hmac-sha256 base64 header:webhook-signature over={header:webhook-id}.{header:webhook-timestamp}.{body} prefix=v1, time=header:webhook-timestamp secret=base64"
        var headers = [
            "webhook-id": "msg_p5jXN8AQM9LWM0D4loKWxJek", "webhook-timestamp": "1614265330",
            "webhook-signature":
                "v2,bm9ldHUjKzFob2VudXRob2VodWUzMjRvdWVvdW9ldQo= v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=",
        ]
        let key = ["whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"]
        let body = #"{"test": 2432232314}"#
        let then = Date(timeIntervalSince1970: 1_614_265_330)
        #expect(try isGenuine(standard, Self.request(body, headers: headers), key, now: then))
        #expect(try isGenuine(standard, Self.request(body, headers: headers), key, now: then + 299))
        #expect(try !isGenuine(standard, Self.request(body, headers: headers), key, now: then + 301))
        #expect(try !isGenuine(standard, Self.request(body, headers: headers), key, now: then - 301))
        headers["webhook-timestamp"] = "1614265331"
        #expect(try !isGenuine(standard, Self.request(body, headers: headers), key, now: then))
        headers["webhook-timestamp"] = "nan"
        #expect(try !isGenuine(standard, Self.request(body, headers: headers), key, now: then))
    }

    @Test(
        "what cannot be meant is refused when the policy is checked, and says what can be",
        arguments: [
            (["callback_auth": nil], "option callback_auth is missing"),
            (["callback_secret_file": nil], "option callback_secret_file is missing"),
            (["callback": nil], "callback_auth cannot be"), (["callback": "xml"], "use json or form"),
            (["callback_auth": "hmac-md5 hex header:X"], "hmac-sha256"),
            (["callback_auth": "token cookie:x"], "token header:NAME"),
            (["callback_auth": "hmac-sha256 hex header:X over={header:Y}"], "must contain {body}"),
            (["callback_auth": "none"], "hmac-sha256"), (["receipt_states": nil], "option receipt_states is missing"),
            (["receipt_states": "OK=fine"], "states are delivered"),
            (["receipt_status": nil], "option receipt_status is missing"),
            (["receipt_attempt": "n"], "option receipt_reference is missing"),
            (["text_body": "text"], "option text_from is missing"),
            (["receipt_id": "a..b"], "receipt_id cannot be"), (["receipt_events": "a[0]"], "receipt_events cannot be"),
        ] as [([String: String?], String)])
    func options(change: [String: String?], problem: String) throws {
        var options: [String: String] = [
            "url": "https://api.example.com/m", "body": #"{"to": "{to}"}"#, "callback": "json", "callback_auth": "basic",
            "callback_secret_file": "/x", "receipt_status": "status", "receipt_states": "OK=delivered", "receipt_id": "id",
        ]
        func check() throws {
            try TransportFactory.check(ProviderPolicy(name: "p", transport: "http", channels: [.sms], options: options))
        }
        try check()
        for (name, value) in change { options[name] = value }
        #expect { try check() } throws: { "\($0)".contains(problem) }
    }
}
