import Domain
import Foundation
import NIOCore
import ProviderSupport
import Testing

@testable import Callbacks
@testable import Transports

/// Keys made by openssl, and `dkimpy`, which knows nothing of ours, as the judge.
final class DKIMFixture {
    let directory: URL
    private var records: [String: String] = [:]
    var rsa: String { directory.appending(path: "rsa.pem").path }
    var ed25519: String { directory.appending(path: "ed.pem").path }
    /// Both keys for example.com.
    var option: String { "example.com r1 \(rsa); example.com e1 \(ed25519)" }

    init() async throws {
        directory = FileManager.default.temporaryDirectory.appending(path: "dkim-\(UUID().uuidString)")
        try FileManager.default.createDirectory(at: directory, withIntermediateDirectories: true)
        try await openssl("genpkey", "-algorithm", "RSA", "-pkeyopt", "rsa_keygen_bits:2048", "-out", "rsa.pem")
        try await openssl("genpkey", "-algorithm", "ED25519", "-out", "ed.pem")
        for (key, out) in [("rsa.pem", "rsa.der"), ("ed.pem", "ed.der")] {
            try await openssl("pkey", "-in", key, "-pubout", "-outform", "DER", "-out", out)
        }
        let rsa = try Data(contentsOf: directory.appending(path: "rsa.der")).base64EncodedString()
        // RFC 8463, 4: the bare key, without its wrapping.
        let ed25519 = try Data(contentsOf: directory.appending(path: "ed.der")).suffix(32).base64EncodedString()
        for domain in ["example.com", "xn--bcher-kva.example"] {
            records["r1._domainkey.\(domain)"] = "v=DKIM1; k=rsa; p=\(rsa)"
            records["e1._domainkey.\(domain)"] = "v=DKIM1; k=ed25519; p=\(ed25519)"
        }
    }

    deinit { Programs.discard { try FileManager.default.removeItem(at: directory) } }

    func openssl(_ arguments: String...) async throws {
        try await Programs.run(Programs.find("openssl"), arguments, in: directory)
    }

    func signer(_ option: String? = nil) throws -> DKIMSigner {
        try DKIMSigner(#require(DKIMRule.parse(option ?? self.option)), provider: "mail")
    }

    struct Verdict: Decodable {
        var ok: Bool
        var a: String
        var c: String
        var d: String
        var h: [String]
        var l: Bool
    }

    private static let script = """
        import sys, json, base64, dkim
        keys = json.loads(sys.argv[1])
        def dns(name, timeout=5):
            record = keys.get(name.decode().rstrip('.'))
            return record and record.encode()
        for line in sys.stdin:
            d = dkim.DKIM(base64.b64decode(line))
            count = sum(1 for h in d.headers if h[0].lower() == b'dkim-signature')
            out = []
            for i in range(count):
                try: ok = d.verify(i, dnsfunc=dns)
                except dkim.DKIMException: ok = False
                f = {k.decode(): v.decode() for k, v in d.signature_fields.items()}
                out.append(dict(ok=ok, a=f['a'], c=f['c'], d=f['d'], h=[n.strip() for n in f['h'].split(':')], l='l' in f))
            print(json.dumps(out))
        """

    /// One list of verdicts for each message, one verdict for each signature.
    func verdicts(_ messages: [[UInt8]]) async throws -> [[Verdict]] {
        let keys = String(decoding: try JSONEncoder().encode(records), as: UTF8.self)
        let input = messages.map { Data($0).base64EncodedString() + "\n" }.joined()
        let output = try await Programs.run(Programs.python, ["-c", Self.script, keys], input: input)
        return try output.split(separator: "\n").map { try JSONDecoder().decode([Verdict].self, from: Data($0.utf8)) }
    }
}

@Suite("DKIM, judged by dkimpy", .timeLimit(.minutes(3)))
struct DKIMTests {
    static let header =
        "From: Shop <a@example.com>\r\nSubject: =?utf-8?Q?Gr=C3=BC=C3=9Fe?=\r\n  and   more \r\nX-Other: 1\r\n\r\n"
    static let bodies: [String] =
        [
            "", "\r\n", "\r\n\r\n\r\n", " \t \r\n", "x\r\n", "x\r\n\r\n\r\n", "\r\n\r\nx\r\n", " leading\r\n\ttab\r\n",
            "a  b\t\tc \t\r\n",
            "a\r\n \r\n\t\r\nb\r\n", ".\r\n..\r\n", "Grüße 好 😀\r\n", "x", "a \r\n\r\n b\r\n \r\n",
        ] + [998, 997, 76].map { String(repeating: "x", count: $0) + "\r\n" }

    func signed(_ message: String, _ signer: DKIMSigner) throws -> [UInt8] {
        let bytes = Array(message.utf8)
        return try signer.signatures(for: bytes, from: "example.com", time: 1_795_298_400) + bytes
    }

    @Test("both signatures of a message verify, whatever its body looks like")
    func bodies() async throws {
        let fixture = try await DKIMFixture()
        let signer = try fixture.signer()
        let verdicts = try await fixture.verdicts(Self.bodies.map { try signed(Self.header + $0, signer) })
        try #require(verdicts.count == Self.bodies.count)
        for (body, found) in zip(Self.bodies, verdicts) {
            #expect(found.map(\.ok) == [true, true], "\(body.debugDescription)")
            #expect(found.map(\.a) == ["rsa-sha256", "ed25519-sha256"])
            #expect(found.allSatisfy { $0.c == "relaxed/relaxed" && !$0.l && $0.d == "example.com" })
        }
    }

    @Test("60 random messages with names, files and alphabets of all kinds verify, in seven bits")
    func random() async throws {
        let fixture = try await DKIMFixture()
        let composer = try SMTPComposer(Self.options(["dkim": fixture.option + "; bücher.example r1 \(fixture.rsa)"]))
        var messages: [[UInt8]] = []
        for index in 0..<60 {
            let submission = mail(
                MIMERoundTripTests.content(), id: Int64(index), to: index % 7 == 0 ? "josé@y.test" : "b@y.test",
                from: index % 3 == 0 ? "laden@bücher.example" : "shop@mail.Example.com", name: MIMERoundTripTests.random(1...80))
            let content = try composer.compose(submission, MIMEMessage(submission), eightBit: true).get()
            #expect(content.isEightBit == (index % 7 == 0), "only an address may hold other letters")
            let wire = String(decoding: content.bytes.readableBytesView, as: UTF8.self)
            messages.append(Array(wire.replacing("\r\n..", with: "\r\n.").utf8.dropLast(3)))
        }
        for (index, found) in try await fixture.verdicts(messages).enumerated() {
            #expect(
                found.map(\.ok) == (index % 3 == 0 ? [true] : [true, true]), "\(String(decoding: messages[index], as: UTF8.self))"
            )
        }
    }

    @Test("From is signed once more than it is there, every List- field is signed, and nothing is cut by l=")
    func fields() async throws {
        let fixture = try await DKIMFixture()
        let message =
            "From: a@example.com\r\nList-Unsubscribe: <https://x.test/1>\r\nList-Unsubscribe-Post: List-Unsubscribe=One-Click\r\n"
            + "List-ID: <x>\r\nList-ID: <y>\r\nTo: b@y.test\r\nReply-To: c@x.test\r\nDate: x\r\nMessage-ID: <1@x>\r\n\r\nx\r\n"
        let found = try await fixture.verdicts([try signed(message, fixture.signer())])[0]
        for verdict in found {
            #expect(verdict.ok && !verdict.l)
            #expect(
                verdict.h.sorted() == [
                    "date", "from", "from", "list-id", "list-id", "list-unsubscribe", "list-unsubscribe-post", "message-id",
                    "reply-to",
                    "to",
                ])
        }
    }

    @Test("what a mail server may do is forgiven, what a forger would do is not")
    func changes() async throws {
        let fixture = try await DKIMFixture()
        let original = String(
            decoding: try signed(
                "List-Unsubscribe: <https://x.test/1>\r\n" + Self.header + "one two\r\n\r\nthree\r\n", fixture.signer()),
            as: UTF8.self)
        let harmless: [(String, String)] = [
            ("one two", "one   two\t"), ("From: Shop <", "FROM:\tShop\r\n <"), ("three\r\n", "three\r\n\r\n\r\n"),
            ("X-Other: 1", "X-Other: 2"),
            ("List-Unsubscribe:", "Received: from elsewhere\r\nList-Unsubscribe:"),
        ]
        let forged: [(String, String)] = [
            ("one two", "one too"), ("a@example.com", "b@example.com"), ("From: Shop", "From: boss@example.com\r\nFrom: Shop"),
            ("<https://x.test/1>", "<https://y.test/1>"), ("List-Unsubscribe: <https://x.test/1>\r\n", ""),
            ("three\r\n", "three\r\nfour\r\n"),
            ("=?utf-8?Q?", "=?utf-8?q?"),
        ]
        let messages = (harmless + forged).map { Array(original.replacing($0.0, with: $0.1).utf8) }
        let verdicts = try await fixture.verdicts(messages)
        for (change, found) in zip(harmless, verdicts) { #expect(found.map(\.ok) == [true, true], "\(change)") }
        for (change, found) in zip(forged, verdicts.dropFirst(harmless.count)) {
            #expect(found.map(\.ok) == [false, false], "\(change)")
        }
    }

    @Test("the key of the domain signs, else that of the domain above it; a strange domain goes unsigned")
    func domains() async throws {
        let fixture = try await DKIMFixture()
        let signer = try fixture.signer("example.com up \(fixture.ed25519)\n news.Example.com own \(fixture.ed25519);")
        func signs(_ domain: String) throws -> String {
            let text = String(decoding: try signer.signatures(for: Array(Self.header.utf8), from: domain, time: 1), as: UTF8.self)
            return text.firstMatch(of: #/d=(\S+);\s+s=(\S+);/#).map { "\($0.1) \($0.2)" } ?? text
        }
        #expect(try signs("example.com") == "example.com up")
        #expect(try signs("NEWS.example.com") == "news.example.com own")
        #expect(try signs("a.news.example.com") == "news.example.com own")
        #expect(try signs("shop.example.com") == "example.com up")
        #expect(try signs("example.org") == "" && signs("notexample.com") == "" && signs("com") == "")
    }

    static func options(_ options: [String: String]) throws -> SMTPOptions {
        try SMTPOptions(
            ProviderPolicy(
                name: "mail", transport: "smtp", channels: [.email],
                options: ["host": "127.0.0.1", "tls": "off", "hostname": "client.test"].merging(options) { $1 }))
    }

    @Test("an option or key that cannot sign is refused with provider, file and reason, and no passphrase is asked for")
    func refusals() async throws {
        for text in ["", "example.com s1", "-x.test s1 /key", "example.com s/1 /key"] {
            #expect(throws: ProviderError.self) { try Self.options(["dkim": text]) }
        }
        let fixture = try await DKIMFixture()
        try await fixture.openssl("genrsa", "-out", "short.pem", "768")
        try await fixture.openssl("ecparam", "-genkey", "-name", "prime256v1", "-out", "ec.pem")
        try await fixture.openssl("pkey", "-in", "rsa.pem", "-aes256", "-passout", "pass:x", "-out", "locked.pem")
        let causes = [
            "short.pem": "768 bits", "ec.pem": "only RSA and Ed25519", "locked.pem": "without a passphrase",
            "rsa.der": "no private key",
            "none.pem": "No such file",
        ]
        for (file, cause) in causes {
            let path = fixture.directory.appending(path: file).path
            #expect {
                try SMTPComposer(Self.options(["dkim": "example.com s1 \(path)"]))
            } throws: {
                "\($0)".hasPrefix("provider mail: option dkim: cannot use \(path): ") && "\($0)".contains(cause)
            }
        }
    }

    @Test("what arrives at the server verifies, also when many are signed at once and urgent ones overtake")
    func overTheWire() async throws {
        let fixture = try await DKIMFixture()
        let server = try await TestServer(Programs.find("smtp-sink")) { port, directory in
            chmod(directory.path, 0o777)
            return (getuid() == 0 ? ["-u", "nobody"] : []) + ["-d", directory.path + "/mail.", "127.0.0.1:\(port)", "100"]
        }
        let transport = try smtp(port: server.port, ["dkim": fixture.option])
        let submissions = (1...60).map { id in
            var one = mail(.init(subject: "Grüße \(id)", text: ".\n好 \(id)\n..\n \n\n"), id: Int64(id))
            one.isUrgent = id % 10 == 0
            return one
        }
        #expect(Set(await transport.answers(submissions).map(\.outcome.name)) == ["accepted"])
        await transport.drain()
        let files = try FileManager.default.contentsOfDirectory(atPath: server.directory.path).filter { $0.hasPrefix("mail.") }
        #expect(files.count == 60)
        let messages = try files.map { name in
            Array(
                try String(contentsOf: server.directory.appending(path: name), encoding: .utf8).replacing("\n", with: "\r\n").utf8
            )
        }
        for found in try await fixture.verdicts(messages) { #expect(found.map(\.ok) == [true, true]) }
    }

    @Test("a transport that is drained while it signs answers every message once")
    func drained() async throws {
        let fixture = try await DKIMFixture()
        let server = try await TestServer.sink()
        let transport = try smtp(port: server.port, ["dkim": fixture.option])
        let collector = Collector()
        transport.submit((1...100).map { simple($0) }) { collector.take($0) }
        await transport.drain()
        #expect(Set(collector.results.map(\.messageID)).count == 100 && collector.results.count == 100)
        #expect(collector.results.allSatisfy { $0.outcome.name == "accepted" || $0.outcome == .deferred(.stopping) })
    }
}
