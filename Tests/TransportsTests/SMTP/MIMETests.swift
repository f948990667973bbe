import Domain
import NIOCore
import Testing

@testable import Transports

func mail(
    _ content: EmailContent, id: Int64 = 42, to: String = "b@y.test", from: String = "shop@example.com", name: String? = nil,
    attempt: Int = 1, sendWithin: Duration = .seconds(60), answerWithin: Duration = .seconds(60)
) -> Submission {
    submission(
        id, attempt: attempt, to: to,
        rendered: RenderedMessage(content: .email(content), from: from, fromName: name, templateVersion: 1),
        sendWithin: sendWithin,
        answerWithin: answerWithin)
}

@Suite("MIME")
struct MIMETests {
    func written(_ submission: Submission, eightBit: Bool = false) throws -> String {
        String(decoding: try MIMEMessage(submission).encode(eightBit: eightBit, date: 1_795_298_400), as: UTF8.self)
    }

    func refusal(_ submission: Submission) -> Failure? {
        do {
            _ = try MIMEMessage(submission).encode(eightBit: true)
            return nil
        } catch {
            return error.failure
        }
    }

    @Test("a plain message is as simple as it can be")
    func plain() throws {
        let text = try written(mail(.init(subject: "Hello", text: "line\nnext\r\nlast\r"), name: "Shop"))
        #expect(
            text == """
                Date: Sat, 21 Nov 2026 22:00:00 +0000\r
                From: Shop <shop@example.com>\r
                To: b@y.test\r
                Subject: Hello\r
                Message-ID: <42.martlet@example.com>\r
                MIME-Version: 1.0\r
                Content-Type: text/plain; charset=us-ascii\r
                Content-Transfer-Encoding: 7bit\r
                \r
                line\r
                next\r
                last\r

                """)
    }

    @Test("the Message-ID is the same on every attempt")
    func messageID() throws {
        let ids = try [1, 2, 9].map { try MIMEMessage(mail(.init(subject: "", text: ""), attempt: $0)).messageID }
        #expect(Set(ids) == ["<42.martlet@example.com>"])
        #expect(try MIMEMessage(mail(.init(subject: "", text: "")), domain: "mail.test").messageID == "<42.martlet@mail.test>")
    }

    @Test("without 8BITMIME everything is ASCII, with it text is left as it is")
    func eightBit() throws {
        let submission = mail(.init(subject: "x", text: "Viele Grüße an alle im ganzen Haus", html: "<p>好好好</p>"))
        let seven = try written(submission)
        #expect(seven.utf8.allSatisfy { $0 < 0x80 })
        #expect(seven.contains("Viele Gr=C3=BC=C3=9Fe an alle") && seven.contains("Content-Transfer-Encoding: base64"))
        let eight = try written(submission, eightBit: true)
        #expect(eight.contains("Viele Grüße an alle") && eight.contains("好") && !eight.contains("quoted-printable"))
    }

    @Test(
        "line breaks and control characters in any header value are refused, blamed on the content",
        arguments: [
            "a\r\nBcc: x@evil.test", "a\nb", "a\rb", "a\u{0}b", "\u{7F}", "a\u{1B}[0m", "\r\n", "x\r\n\r\nbody",
        ])
    func injection(value: String) {
        var cases: [Submission] = [mail(.init(subject: value, text: ""))]
        cases.append(mail(.init(subject: "", text: ""), name: value))
        cases.append(mail(.init(subject: "", text: "", headers: [("X-Campaign", value)])))
        cases.append(mail(.init(subject: "", text: "", headers: [("List-Unsubscribe", value)])))
        cases.append(
            mail(.init(subject: "", text: "", attachments: [.init(name: value, mediaType: "text/plain", bytes: [])])))
        for submission in cases {
            let failure = refusal(submission)
            #expect(failure?.code == "invalid_header" && failure?.blame == .content)
            #expect(failure?.detail.contains("evil") == false)
        }
    }

    @Test(
        "only Martlet writes the headers that say who and what",
        arguments: [
            "To", "BCC", "cc", "From", "Subject", "Content-Type", "content-transfer-encoding", "Message-Id", "DKIM-Signature",
            "Received",
            "", "X Y", "X:Y", "X\r\nBcc", "Ü",
        ])
    func reserved(name: String) {
        #expect(refusal(mail(.init(subject: "", text: "", headers: [(name, "x")])))?.code == "invalid_header")
    }

    @Test(
        "an address cannot carry a second one, a command or a header",
        arguments: [
            "a@b.test>\r\nRCPT TO:<c@d.test", "a@b.test, c@d.test", "a@b.test c", "<a@b.test>", "a b@c.test", "a@b@c.test",
            "a\u{0}@b.test",
            "@b.test", "a@", "a", "", "a..b@c.test", ".a@c.test", "a@-b.test", "a@b..test", "a@b_.te st", "\"a\"b\"@c.test",
            "\"a\r\n\"@c.test",
            "a@[127.0.0.1", "a@[1>]", "a@b.test\n", String(repeating: "a", count: 65) + "@b.test",
            "a@" + String(repeating: "b", count: 64) + ".test", "a@b\u{2028}.test", "a@b\u{200B}.test",
        ])
    func addresses(text: String) {
        #expect(throws: Mailbox.Problem.self) { try Mailbox(text) }
        #expect(refusal(mail(.init(subject: "", text: ""), to: text))?.code.hasPrefix("invalid_") == true)
        #expect(refusal(mail(.init(subject: "", text: ""), from: text))?.code == "invalid_sender")
        #expect(refusal(mail(.init(subject: "", text: "", replyTo: text)))?.code == "invalid_reply_to")
    }

    @Test(
        "good addresses pass, international domains in ASCII",
        arguments: [
            ("a@b.test", "a@b.test"), ("a.b+c@d-e.test", "a.b+c@d-e.test"), ("\"a b\"@c.test", "\"a b\"@c.test"),
            ("o'neil@x.test", "o'neil@x.test"), ("a@[192.0.2.1]", "a@[192.0.2.1]"),
            ("a@[IPv6:2001:db8::1]", "a@[IPv6:2001:db8::1]"),
            ("a@bücher.example", "a@xn--bcher-kva.example"), ("a@BÜCHER.example", "a@xn--bcher-kva.example"),
            ("a@bu\u{308}cher.example", "a@xn--bcher-kva.example"), ("a@例え。テスト", "a@xn--r8jz45g.xn--zckzah"),
            ("a@ｅｘａｍｐｌｅ.com", "a@example.com"), ("a@☃.net", "a@xn--n3h.net"), ("a@münchen.de", "a@xn--mnchen-3ya.de"),
        ])
    func goodAddresses(text: String, expected: String) throws {
        #expect(try Mailbox(text).address == expected)
    }

    @Test("a local part outside ASCII needs SMTPUTF8, anything else does not")
    func utf8Local() throws {
        let needing = try MIMEMessage(mail(.init(subject: "", text: ""), to: "josé@bücher.example"))
        #expect(needing.needsUTF8 && needing.to.address == "josé@xn--bcher-kva.example")
        #expect(
            String(decoding: try needing.encode(eightBit: false), as: UTF8.self).contains("To: josé@xn--bcher-kva.example\r\n"))
        #expect(try MIMEMessage(mail(.init(subject: "", text: "", replyTo: "ré@x.test"))).needsUTF8)
        #expect(try !MIMEMessage(mail(.init(subject: "Grüße", text: "好"), to: "a@bücher.example", name: "Läden")).needsUTF8)
    }

    @Test(
        "what hides or turns text has no place in an address",
        arguments: ["\u{202E}", "\u{200B}", "\u{85}", "\u{2028}", "\u{A0}"])
    func hiddenLocal(character: String) {
        #expect(refusal(mail(.init(subject: "", text: ""), to: "a\(character)b@c.test"))?.code == "invalid_recipient")
    }

    @Test(
        "RFC 3492, 7.1: punycode of the samples",
        arguments: [
            ("ليهمابتكلموشعربي؟", "egbpdaj6bu4bxfgehfvwxn"), ("他们为什么不说中文", "ihqwcrb4cv8a8dqg056pqjye"),
            ("Pročprostěnemluvíčesky", "Proprostnemluvesky-uyb24dma41a"), ("3年B組金八先生", "3B-ww4c5e180e575a65lsy2b"),
            ("-> $1.00 <-", "-> $1.00 <--"), ("안녕하세요", "o70b841ad5c9qb763b"),
        ])
    func punycode(text: String, expected: String) {
        #expect(Punycode.encode(Array(text.unicodeScalars)) == expected)
    }

    @Test(
        "a display name is an atom, quoted, or encoded",
        arguments: [
            ("Shop", "Shop"), ("The Shop", "The Shop"), ("Shop, Inc.", "\"Shop, Inc.\""), ("\"x\" \\ y", "\"\\\"x\\\" \\\\ y\""),
            ("a@b", "\"a@b\""), ("Müller", "=?utf-8?Q?M=C3=BCller?="), ("=?utf-8?Q?x?=", "=?utf-8?B?PT91dGYtOD9RP3g/PQ==?="),
        ])
    func displayNames(name: String, expected: String) throws {
        #expect(
            try written(mail(.init(subject: "", text: ""), name: name)).contains("\r\nFrom: \(expected) <shop@example.com>\r\n"))
    }

    @Test(
        "dots are doubled at line starts, and the end is the only lone dot",
        arguments: [
            ("", ".\r\n"), (".\r\n", "..\r\n.\r\n"), ("a\r\n.b\r\n..\r\n", "a\r\n..b\r\n...\r\n.\r\n"),
            ("a.b\r\n", "a.b\r\n.\r\n"), ("a", "a\r\n.\r\n"),
        ])
    func dots(text: String, expected: String) {
        #expect(String(buffer: dotStuffed(Array(text.utf8))) == expected)
    }

    @Test(
        "message types that must not be encoded, and nonsense, are refused as attachments",
        arguments: [
            "message/rfc822", "multipart/mixed", "text", "text/", "text/plain\r\nX: y", "a/b/c", "text/plain; charset=x", "",
        ])
    func mediaTypes(type: String) {
        #expect(
            refusal(mail(.init(subject: "", text: "", attachments: [.init(name: "x", mediaType: type, bytes: [])])))?.code
                == "invalid_header")
    }
}
