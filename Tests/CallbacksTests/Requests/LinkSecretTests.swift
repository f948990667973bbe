import Domain
import Foundation
import ProviderSupport
import Testing

@testable import Callbacks

@Suite("Tokens of tracked links")
struct LinkSecretTests {
    private static let id = MessageID(252_144_690_003_968)
    private static let targets = ["https://a.example/x", "https://b.example/y"]

    private func secret(_ lines: String = "0123456789abcdef-first\n") throws -> LinkSecret {
        LinkSecret(try TokenSecret(lines: lines))
    }

    @Test("22 letters and digits, the same each time, name the message and one address")
    func token() throws {
        let secret = try secret()
        for id in [Self.id, MessageID(0), MessageID(.max)] {
            for (index, target) in Self.targets.enumerated() {
                let text = secret.clickToken(id, target: target)
                #expect(text.wholeMatch(of: /[0-9A-Za-z]{22}/) != nil && text == secret.clickToken(id, target: target))
                let token = try #require(LinkToken(text))
                #expect(token.messageID == id && secret.target(of: token, among: Self.targets) == index)
                #expect(secret.target(of: token, among: Array(Self.targets.reversed())) == 1 - index)
                #expect(secret.target(of: token, among: []) == nil && !secret.isOpen(token))
            }
            let open = try #require(LinkToken(secret.openToken(id) + ".gif"))
            #expect(secret.isOpen(open) && secret.target(of: open, among: Self.targets) == nil)
        }
    }

    @Test("it opens nothing else: no other address, no other message, no other secret, and no other character")
    func forged() throws {
        let secret = try secret()
        let text = secret.clickToken(Self.id, target: Self.targets[0])
        let token = try #require(LinkToken(text))
        #expect(secret.target(of: token, among: ["https://a.example/X", "https://a.example/x/", ""]) == nil)
        #expect(try self.secret("another-secret-of-somebody").target(of: token, among: Self.targets) == nil)
        let other = try #require(LinkToken(secret.clickToken(MessageID(Self.id.rawValue + 1), target: Self.targets[0])))
        #expect(other.messageID != Self.id)
        var refused = 0
        for at in text.indices {
            for digit in "0Aaz9" where digit != text[at] {
                let wrong = String(text[..<at]) + String(digit) + text[text.index(after: at)...]
                guard let token = LinkToken(wrong) else {
                    refused += 1
                    continue
                }
                #expect(secret.target(of: token, among: Self.targets) == nil || token.messageID != Self.id, "\(wrong)")
                refused += 1
            }
        }
        #expect(refused > 80)
    }

    @Test("while a secret is changed both are believed, and the first signs")
    func rotation() throws {
        let old = try secret()
        let both = try secret("fedcba9876543210-second\n0123456789abcdef-first\n")
        let token = try #require(LinkToken(old.clickToken(Self.id, target: Self.targets[1])))
        #expect(both.target(of: token, among: Self.targets) == 1)
        #expect(both.clickToken(Self.id, target: Self.targets[1]) != old.clickToken(Self.id, target: Self.targets[1]))
    }

    @Test(
        "what people and phones copy along is passed over; less, more or other letters are no token",
        arguments: [
            ("", true), (".", true), (")", true), ("%E3%80%82", true), (".gif", true), ("x", false), ("0", false),
        ])
    func ending(behind: String, isToken: Bool) throws {
        let text = try secret().clickToken(Self.id, target: Self.targets[0])
        #expect((LinkToken(text + behind) != nil) == isToken)
        #expect(LinkToken(String(text.dropLast())) == nil && LinkToken("." + text) == nil && LinkToken("") == nil)
        #expect(LinkToken(String(repeating: "z", count: 22)) == nil, "more than 128 bits")
        #expect(LinkToken("é" + text.dropFirst()) == nil)
    }

    @Test("tokens of unsubscribe links and of tracked links with one secret file are not taken for each other")
    func purposes() throws {
        let file = try SecretFile()
        let (links, tokens) = (try LinkSecret(path: file.path), try TokenSecret(path: file.path))
        let click = try #require(LinkToken(links.clickToken(Self.id, target: "a@example.com")))
        let unsubscribe = UnsubscribeToken(Self.id, address: "a@example.com", secret: tokens)
        #expect(LinkToken(unsubscribe.text) == nil && UnsubscribeToken(links.openToken(Self.id)) == nil)
        #expect(
            click.code != tokens.code("martlet unsubscribe 1", Self.id.rawValue.octets + Array("a@example.com".utf8), length: 8))
        #expect(throws: TokenSecret.Problem.self) { try LinkSecret(path: file.path + "-not-there") }
    }
}
