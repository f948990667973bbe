import Domain
import Foundation
import NIOCore
import ProviderSupport
import Testing

@testable import Callbacks
@testable import Transports

@Suite("List-Unsubscribe")
struct SMTPUnsubscribeTests {
    static let url = "https://links.example.com/u/{token}"
    static let mailto = "unsubscribe+{token}@example.com"

    func composer(_ secret: SecretFile, _ more: [String: String] = [:]) throws -> SMTPComposer {
        var options = ["unsubscribe_url": Self.url, "unsubscribe_mailto": Self.mailto, "unsubscribe_secret_file": secret.path]
        options.merge(more) { $1 }
        return try SMTPComposer(DKIMTests.options(options))
    }

    func written(_ submission: Submission, _ composer: SMTPComposer) throws -> String {
        String(buffer: try composer.compose(submission, MIMEMessage(submission), eightBit: false).get().bytes)
    }

    func message(_ id: Int64 = 42, to: String = "b@y.test", class name: String? = nil, headers: [(String, String)] = [])
        -> Submission
    {
        var submission = mail(.init(subject: "Sale", text: "x", headers: headers.map { ($0.0, $0.1) }), id: id, to: to)
        submission.messageClass = name
        return submission
    }

    @Test("a message carries the way out by https and mailto, and one click is offered")
    func headers() throws {
        let secret = try SecretFile()
        let text = try written(message(), composer(secret)).replacing("\r\n", with: "\n").replacing("\n ", with: " ")
        let match = try #require(
            text.firstMatch(
                of:
                    #/\nList-Unsubscribe: <https:\/\/links\.example\.com\/u\/([a-z2-7]{32})>, <mailto:unsubscribe\+([a-z2-7]{32})@example\.com>/#
            ))
        #expect(match.1 == match.2)
        #expect(text.contains("\nList-Unsubscribe-Post: List-Unsubscribe=One-Click\n"))
        let token = try #require(UnsubscribeToken(match.1.uppercased()), "mail servers may change the case")
        let genuine = try TokenSecret(path: secret.path)
        #expect(token.messageID == MessageID(42) && token.isGenuine(for: "b@y.test", secret: genuine))
        #expect(!text.contains("planted") && !"\(genuine)\(String(reflecting: genuine))".contains("planted"))
        var dumped = ""
        dump(genuine, to: &dumped)
        #expect(!dumped.contains("planted"))
    }

    @Test("a token is worth nothing for another message, another address, another secret, or with a letter changed")
    func forged() throws {
        let secret = try TokenSecret(lines: "0123456789abcdef")
        let token = UnsubscribeToken(MessageID(42), address: "b@y.test", secret: secret)
        #expect(token.isGenuine(for: "b@y.test", secret: secret))
        #expect(!token.isGenuine(for: "c@y.test", secret: secret))
        #expect(try !token.isGenuine(for: "b@y.test", secret: TokenSecret(lines: "0123456789abcdeg")))
        for index in 0..<32 {
            var letters = Array(token.text)
            letters[index] = letters[index] == "a" ? "b" : "a"
            #expect(UnsubscribeToken(String(letters))?.isGenuine(for: "b@y.test", secret: secret) == false, "letter \(index)")
        }
        for text in [
            "", "a", token.text + "a", String(token.text.dropLast()), token.text.replacing("a", with: "1") + "",
            "ä" + token.text.dropFirst(2),
        ] {
            if text != token.text { #expect(UnsubscribeToken(text) == nil, "\(text)") }
        }
        let others = Set((1...200).map { UnsubscribeToken(MessageID($0), address: "b@y.test", secret: secret).text })
        #expect(others.count == 200)
    }

    @Test("a secret can be changed while old links are in mailboxes")
    func rotation() throws {
        let old = try TokenSecret(lines: "old-secret-0123456789\n")
        let both = try TokenSecret(lines: "new-secret-0123456789\n\nold-secret-0123456789\n")
        let token = UnsubscribeToken(MessageID(1), address: "a@b.c", secret: old)
        #expect(token.isGenuine(for: "a@b.c", secret: both))
        #expect(!UnsubscribeToken(MessageID(1), address: "a@b.c", secret: both).isGenuine(for: "a@b.c", secret: old))
    }

    @Test("a message's own header is left alone, and classes that need no way out get none")
    func exceptions() throws {
        let secret = try SecretFile()
        let own = try written(message(headers: [("list-Unsubscribe", "<https://own.test/1>")]), composer(secret))
        #expect(own.contains("own.test") && !own.contains("links.example.com") && !own.contains("One-Click"))
        let some = try composer(secret, ["unsubscribe_classes": "marketing, notification"])
        for (name, has) in [("marketing", true), ("notification", true), ("otp", false), ("transactional", false)] {
            #expect(try written(message(class: name), some).contains("List-Unsubscribe:") == has, "\(name)")
        }
        #expect(try written(message(class: "otp"), composer(secret)).contains("List-Unsubscribe:"), "no classes: all of them")
    }

    @Test("the fields are under the signature")
    func signed() async throws {
        let secret = try SecretFile()
        let fixture = try await DKIMFixture()
        let text = try written(message(), composer(secret, ["dkim": fixture.option]))
        for verdict in try await fixture.verdicts([Array(text.utf8.dropLast(3))])[0] {
            #expect(verdict.ok && verdict.h.contains("list-unsubscribe") && verdict.h.contains("list-unsubscribe-post"))
        }
    }

    @Test(
        "options that cannot work are refused",
        arguments: [
            (["unsubscribe_url": "http://x.test/{token}", "unsubscribe_secret_file": "/s"], "use https"),
            (["unsubscribe_url": "https://x.test/", "unsubscribe_secret_file": "/s"], "use https"),
            (["unsubscribe_url": "https://x.test/{token}>", "unsubscribe_secret_file": "/s"], "use https"),
            (["unsubscribe_url": url], "unsubscribe_secret_file is missing"),
            (["unsubscribe_mailto": mailto], "unsubscribe_url is missing"),
            (
                ["unsubscribe_url": url, "unsubscribe_secret_file": "/s", "unsubscribe_mailto": "a@b.c"],
                "unsubscribe_mailto cannot be"
            ),
            (
                ["unsubscribe_url": url, "unsubscribe_secret_file": "/s", "unsubscribe_mailto": "{token}"],
                "unsubscribe_mailto cannot be"
            ),
        ])
    func refusals(options: [String: String], problem: String) {
        #expect {
            try DKIMTests.options(options)
        } throws: {
            "\($0)".contains(problem)
        }
    }

    @Test("a secret that is missing or short is refused when the provider is opened, and not shown")
    func shortSecret() throws {
        let short = try SecretFile("planted\n")
        let long = try SecretFile("0123456789abcdef\nplanted\n")
        for path in [short.path, long.path, "/nowhere/secret"] {
            #expect {
                try SMTPComposer(DKIMTests.options(["unsubscribe_url": Self.url, "unsubscribe_secret_file": path]))
            } throws: {
                "\($0)".hasPrefix("provider mail: option unsubscribe_secret_file: cannot use \(path)")
                    && !"\($0)".contains("planted")
            }
        }
    }
}
