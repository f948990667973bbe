import Domain
import Foundation
import NIOCore
import NIOHTTP1
import ProviderSupport
import Testing

@testable import Callbacks
@testable import Transports

@Suite("Reading answers and writing requests of HTTP providers")
struct HTTPRulesTests {
    @Test(
        "a selector finds what it names",
        arguments: [
            ("messages[0].id", "a"), ("$.messages[1].id", "12345678901234567890"), ("$['x']", "bad"), ("messages[2].id", nil),
            ("none", nil), ("messages", nil), ("ok", "true"), ("error.code or ok", "true"), ("header:X-Id", "h"),
            ("header:Other", nil), ("between:\"id\":\"…\"", "a"), ("between:zzz…\"", nil), ("body", "{"), ("", "bad"),
            ("a..b", "bad"),
            ("a.", "bad"), ("header:", "bad"), ("between:x", "bad"), ("between:…", "bad"), ("a[x]", "bad"), ("a b", "bad"),
        ] as [(String, String?)])
    func selectors(text: String, expected: String?) {
        let body = "{\"messages\":[{\"id\":\"a\"},{\"id\":12345678901234567890}],\"ok\":true,\"none\":null,\"list\":[]}"
        let answer = HTTPAnswer(status: 200, headers: ["X-Id": " h "], body: Array(body.utf8))
        guard let selector = HTTPSelector(text) else { return #expect(expected == "bad") }
        let value = selector.value(in: answer)
        #expect(expected == "{" ? value?.hasPrefix("{") == true : value == expected)
    }

    @Test("plain text and XML are read by what stands around")
    func betweens() {
        func value(_ selector: String, _ body: String) -> String? {
            HTTPSelector(selector)?.value(in: HTTPAnswer(status: 200, body: Array(body.utf8)))
        }
        #expect(value("between:…:", "OK: 61400111222:2142415\n") == "OK")
        #expect(value("between:OK:…", "OK: 61400111222:2142415\nmore") == "61400111222:2142415")
        #expect(value("between:<id>...</id>", "<r><id>7</id><id>8</id></r>") == "7")
        #expect(value("between:<id>…</id>", "<r><id>7") == nil)
        #expect(value("body", String(repeating: "x", count: 9000))?.count == 500)
    }

    @Test(
        "Retry-After in all its spellings",
        arguments: [
            ("120", 120), ("0", 0), ("1.5", 1.5), ("Sun, 06 Nov 1994 08:51:37 GMT", 120), ("Sunday, 06-Nov-94 08:51:37 GMT", 120),
            ("Sun Nov  6 08:51:37 1994", 120), ("Sun, 06 Nov 1994 08:00:00 GMT", 0), ("-1", nil), ("soon", nil), ("", nil),
            ("1e300", nil), ("nan", nil), ("Sun, 06 Nov 9223372036854775807 08:51:37 GMT", nil),
            ("Sun, 99 Nov 1994 08:51:37 GMT", nil), ("99999999999999999999", 1e9),
        ] as [(String, Double?)])
    func retryAfter(text: String, seconds: Double?) {
        let duration = RetryAfter.duration(text, date: "Sun, 06 Nov 1994 08:49:37 GMT")
        #expect(duration == seconds.map { .milliseconds(Int64($0 * 1000)) })
        #expect(
            RetryAfter.duration("Sun, 06 Nov 1994 08:51:37 GMT", date: nil, now: Date(timeIntervalSince1970: 784_111_777))
                == .seconds(120))
    }

    @Test(
        "special addresses are not public",
        arguments: [
            ("8.8.8.8", true), ("0.0.0.0", false), ("10.0.0.1", false), ("100.64.0.1", false), ("100.128.0.1", true),
            ("127.0.0.1", false), ("169.254.169.254", false), ("172.15.0.1", true), ("172.31.255.255", false),
            ("192.0.2.1", false),
            ("192.168.1.1", false), ("198.19.0.1", false), ("203.0.113.9", false), ("224.0.0.1", false),
            ("255.255.255.255", false),
            ("2606:4700::1111", true), ("::", false), ("::1", false), ("fe80::1", false), ("fd12::1", false), ("ff02::1", false),
            ("::ffff:8.8.8.8", true), ("::ffff:192.168.0.1", false), ("64:ff9b::808:808", true), ("64:ff9b::a00:1", false),
            ("64:ff9b:1::a00:1", false), ("2002:0a00:0001::", false), ("2001:db8::1", false), ("2001:0::1", false),
            ("::7f00:1", false),
        ])
    func addresses(text: String, isPublic: Bool) throws {
        #expect(PublicAddress.isPublic(try SocketAddress(ipAddress: text, port: 80)) == isPublic)
    }

    @Test("the key is the same for every attempt, and another for another message or provider")
    func idempotencyKey() {
        func key(_ id: Int64, _ attempt: Int, _ provider: String) -> String {
            HTTPFields(
                submission: submission(id, attempt: attempt), provider: provider, secret: "", country: "+", alphabet: ("", ""),
                validity: .seconds(1)
            ).value(of: .idempotencyKey)
        }
        #expect(key(1, 1, "a") == key(1, 2, "a"))
        #expect(Set([key(1, 1, "a"), key(2, 1, "a"), key(1, 1, "b")]).count == 3)
        #expect(key(1, 1, "a").wholeMatch(of: /[0-9a-f]{8}-[0-9a-f]{4}-8[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}/) != nil)
    }

    @Test("values are written so that they cannot leave their place")
    func escapes() throws {
        let fields = HTTPFields(
            submission: submission(to: "a\"b\\c\n\u{1}é"), provider: "api", secret: "", country: "+", alphabet: ("", ""),
            validity: .seconds(1))
        #expect(try HTTPTemplate("{\"t\": \"{to}\"}", .json).render(fields) == #"{"t": "a\"b\\c\n\u0001é"}"#)
        #expect(HTTPTemplate.form("a b&c=d+é~*") == "a+b%26c%3Dd%2B%C3%A9%7E%2A")
        #expect(HTTPTemplate.url("a b/c?d:é~") == "a%20b%2Fc%3Fd:%C3%A9~")
        #expect(HTTPTemplate.xml("<a b='c'>&\n\u{1}") == "&lt;a b=&#39;c&#39;&gt;&amp;&#10;\u{FFFD}")
    }

    /// Options of the smallest provider.
    private func policy(_ options: [String: String?]) -> ProviderPolicy {
        var all: [String: String] = ["url": "https://api.example.com/send", "body": "{\"to\": \"{to}\", \"text\": \"{text}\"}"]
        for (name, value) in options { all[name] = value }
        return ProviderPolicy(name: "api", transport: "http", channels: [.sms], options: all)
    }

    @Test("XML, plain text, forms and URLs are written by their own rules; a number may lose its country")
    func bodies() throws {
        var one = submission(7, to: "+8613900000000", text: "a&b <c>")
        one.messageClass = "otp"
        func request(_ options: [String: String?]) throws -> HTTPRequestForm.Request {
            let parsed = try HTTPOptions(generic: policy(options))
            return try parsed.request(one, HTTPSecrets.Values())
        }
        let xml = try request([
            "content_type": "text/xml; charset=utf-8", "body": "<m to='{to_national}'>{text}</m>", "country": "+86",
        ])
        #expect(String(decoding: xml.body, as: UTF8.self) == "<m to='13900000000'>a&amp;b &lt;c&gt;</m>")
        #expect(xml.headers["Content-Type"] == ["text/xml; charset=utf-8"])
        let get = try request(["method": "GET", "body": nil, "url": "https://x.test/s?to={to_digits}&m={text}&c={class}"])
        #expect(get.url == "https://x.test/s?to=8613900000000&m=a%26b%20%3Cc%3E&c=otp" && get.body.isEmpty)
        let plain = try request(["content_type": "text/plain", "body": "{to} {text}", "idempotency_header": "Idempotency-Key"])
        #expect(String(decoding: plain.body, as: UTF8.self) == "+8613900000000 a&b <c>")
        #expect(plain.headers["Idempotency-Key"].first?.count == 36)
    }

    @Test("nothing of a mail is dropped silently")
    func wholeMails() throws {
        let parsed = try HTTPOptions(generic: policy([:]))
        func code(_ mail: EmailContent) -> String? {
            let rendered = RenderedMessage(content: .email(mail), from: "a@b.test", templateVersion: 1)
            do {
                _ = try parsed.request(submission(to: "x@y.test", rendered: rendered), HTTPSecrets.Values())
                return nil
            } catch { return error.failure.code }
        }
        #expect(code(.init(subject: "", text: "")) == nil)
        #expect(code(.init(subject: "", text: "", headers: [("X-A", "b")])) == "headers_unsupported")
        #expect(
            code(.init(subject: "", text: "", attachments: [.init(name: "a", mediaType: "b", bytes: [])]))
                == "attachments_unsupported")
    }

    @Test("an address cannot write headers of its own")
    func headerInjection() throws {
        let parsed = try HTTPOptions(generic: policy(["headers": "X-To: {to}"]))
        #expect(throws: HTTPRequestForm.Unfit.self) {
            try parsed.request(submission(to: "a\r\nX-Evil: 1"), HTTPSecrets.Values())
        }
    }

    @Test(
        "what is wrong with the options is said by `config validate`, with its remedy",
        arguments: [
            (["url": nil], "option url is missing"), (["url": "ftp://x"], "url cannot be"),
            (["url": "https://{to}/"], "url cannot be"),
            (["url": "https://u:p@x.test/"], "url cannot be"), (["url": "http://x.test/"], "in_clear: true"),
            (["url": "https://10.0.0.1/"], "allow_private: true"), (["method": "DELETE"], "use POST, PUT or GET"),
            (["body": nil], "option body is missing"), (["method": "GET"], "GET has no body"),
            (["body": "{\"to\": {to}}"], "it is not JSON"), (["body": "{\"to\": \"{to}\",}"], "it is not JSON"),
            (["body": "{\"to\": \"{too}\"}"], "known placeholders are {to} {to_digits}"),
            (["body": "{\"text\": \"{text}\"}"], "where to go"),
            (["body": "{\"to\": \"{to}\", \"k\": \"{secret}\"}"], "secret_file is missing"),
            (["secret_file": "/x"], "write {secret} where it belongs"), (["content_type": "image/png"], "content_type cannot be"),
            (["content_type": "application/x-www-form-urlencoded", "body": "to"], "one name=value per line"),
            (["headers": "X-Text: {text}"], "a header may not"), (["headers": "nonsense"], "`Name: value`"),
            (["headers": "Host: x"], "set by itself"), (["headers": "Content-Type: x"], "use content_type"),
            (["headers": "Authorization: x", "token_file": "/x"], "Authorization"), (["user": "u"], "password_file is missing"),
            (["password_file": "/x"], "it needs user"),
            (["user": "u", "password_file": "/x", "token_file": "/x"], "either user"),
            (["accepted": "fine"], "accepted cannot be"), (["accepted": "2xx\na.b = "], "accepted cannot be"),
            (["id": "a..b"], "write a JSON path"), (["errors": "1=sad"], "classes are accepted, retry"),
            (["errors": "sad"], "CODE=class"), (["errors": "http_4=retry"], "100 to 599"), (["errors": "~=retry"], "some words"),
            (["alphabet": "x"], "two words"), (["country": "86"], "country prefix"),
            (["idempotency_header": "a b"], "name of a header"),
            (["surprise": "x"], "unknown option surprise"), (["password": "s3cret"], "use password_file"),
            (["tls_ca_file": "/x", "url": "http://x.test/", "in_clear": "true"], "https"),
        ] as [([String: String?], String)])
    func options(change: [String: String?], problem: String) throws {
        try TransportFactory.check(policy([:]))
        #expect {
            try TransportFactory.check(policy(change))
        } throws: {
            "\($0)".contains(problem) && !"\($0)".contains("s3cret")
        }
    }

    @Test("rules are tried in order: codes with wildcards, statuses, words")
    func errorRules() throws {
        var rules = HTTPRules(accepted: try HTTPAcceptance())
        rules.errorCode = HTTPSelector("code")
        rules.errorText = HTTPSelector("text")
        rules.errors = try HTTPErrorRule.parse(
            "21610=suppress; 21*=recipient\n~Blocked By=sender; http_404=configuration; 9=accepted")
        func summary(_ status: Int, _ body: String) -> String {
            rules.verdict(HTTPAnswer(status: status, body: Array(body.utf8)), validity: .seconds(60)) { $0 }.outcome.summary
        }
        #expect(summary(400, "{\"code\":21610}") == "rejected http_400_21610 recipient counted suppress")
        #expect(summary(400, "{\"code\":21999}") == "rejected http_400_21999 recipient counted")
        #expect(summary(500, "{\"text\":\"was blocked by you\"}") == "rejected http_500 sender counted")
        #expect(summary(404, "") == "deferred http_404 provider kept")
        #expect(summary(409, "{\"code\":\"9\"}") == "accepted -")
        #expect(summary(400, "{\"code\":\"a b/\\u0000c\"}") == "rejected http_400_a_b__c martlet counted")
    }

    @Test(
        "a pause of the account ends after a quarter of an hour at the latest, that of one message with its life",
        arguments: [
            (429, 86_400, 900), (429, 60, 60), (503, 86_400, 900), (401, 86_400, 900), (408, 86_400, 7200), (408, 30, 30),
        ])
    func longPauses(status: Int, asked: Int, expected: Int) throws {
        let rules = HTTPRules(accepted: try HTTPAcceptance())
        let answer = HTTPAnswer(status: status, headers: ["Retry-After": "\(asked)"], body: [])
        let failure = rules.verdict(answer, validity: .seconds(7200)) { $0 }.outcome.failure
        #expect(failure?.retryAfter == .seconds(expected))
    }

    @Test("what a provider calls an id has no control characters, and a byte order mark does not hide it")
    func strangeIDs() {
        let answer = HTTPAnswer(status: 200, body: Array("\u{FEFF}{\"id\":\"a\\u0000b\\n\"}".utf8))
        #expect(HTTPSelector("id")?.value(in: answer) == "a b")
    }

    @Test("a secret is read again when its file changes, and a missing file parks the provider")
    func rotation() async throws {
        let server = try await HTTPTests.imitations()
        let path = FileManager.default.temporaryDirectory.appending(path: "secret-\(UUID().uuidString)").path
        try "wrong-for-now\n".write(toFile: path, atomically: true, encoding: .utf8)
        let options = try HTTPOptions(generic: ProviderExamples.local("telegram-bot.yaml", port: server.port, secret: path))
        let secrets = try HTTPSecrets(options)
        #expect(try secrets.current().secret == "wrong-for-now")
        try "right-by-now\n".write(toFile: path, atomically: true, encoding: .utf8)
        let limit = ContinuousClock.now + .seconds(10)
        while try secrets.current().secret != "right-by-now", .now < limit { try await Task.sleep(for: .milliseconds(50)) }
        #expect(try secrets.current().secret == "right-by-now")
        #expect(!"\(try secrets.current())".contains("right-by-now"))
        try FileManager.default.removeItem(atPath: path)
        #expect(throws: ProviderError.self) { try HTTPSecrets(options) }
    }
}
