import Domain
import Foundation
import ProviderSupport
import Testing

@testable import Transports

/// What Python's `email` package, which knows nothing of ours, reads from our bytes.
struct ParsedMail: Decodable {
    struct Attachment: Decodable, Equatable {
        var name: String?
        var type: String
        var bytes: Data
    }
    var subject: String
    var from: String
    var fromName: String
    var to: [String]
    var messageID: String
    var custom: String?
    var listUnsubscribe: String?
    var types: [String]
    var text: String
    var html: String?
    var attachments: [Attachment]
    var defects: [String]

    static let script = """
        import sys, json, base64
        from email import policy
        from email.parser import BytesParser
        from email.header import decode_header, make_header
        from email.utils import parseaddr
        for line in sys.stdin:
            m = BytesParser(policy=policy.SMTP).parsebytes(base64.b64decode(line))
            # The new parser keeps the blank between adjacent encoded-words in names (RFC 2047, 6.2 drops it); the old one does not.
            old = BytesParser(policy=policy.compat32).parsebytes(base64.b64decode(line))
            name = str(make_header(decode_header(parseaddr(old['From'].replace('\\r\\n', ''))[0])))
            f = m['From'].addresses
            assert len(f) == 1, f
            defects = [repr(d) for p in m.walk() for d in list(p.defects) + [d for v in p.values() for d in getattr(v, 'defects', [])]]
            def text(kind):
                p = m.get_body(preferencelist=(kind,))
                return p and p.get_payload(decode=True).decode('utf-8')
            print(json.dumps(dict(
                subject=str(m['Subject']), **{'from': f[0].addr_spec}, fromName=name,
                to=[a.addr_spec for a in m['To'].addresses], messageID=str(m['Message-ID']).strip(),
                custom=m['X-Note'] and str(m['X-Note']), listUnsubscribe=m['List-Unsubscribe'] and str(m['List-Unsubscribe']),
                types=[p.get_content_type() for p in m.walk()], text=text('plain'), html=text('html'),
                attachments=[dict(name=a.get_filename(), type=a.get_content_type(),
                    bytes=base64.b64encode(a.get_payload(decode=True)).decode()) for a in m.iter_attachments()] if m.is_multipart() else [],
                defects=defects)))
        """
}

@Suite("MIME read back by another program")
struct MIMERoundTripTests {
    static let alphabet: [Character] =
        Array("abcXYZ 019.,;:<>@\"\\()[]=?_-%'~") + ["ü", "好", "😀", "👩‍👩‍👧‍👦", "e\u{301}", "ñ", "е", "\u{A0}", "ﷺ"]

    static func random(_ length: ClosedRange<Int>, plain: Bool = false) -> String {
        let source = plain ? Array(alphabet.prefix(31)) : alphabet
        return String((0..<Int.random(in: length)).compactMap { _ in source.randomElement() })
    }

    static func body() -> String {
        let plain = Bool.random()
        let lines = (0..<Int.random(in: 0...12)).map { _ -> String in
            switch Int.random(in: 0...7) {
            case 0: return "."
            case 1: return ".." + random(0...20, plain: plain)
            case 2: return ""
            case 3: return random(0...40, plain: plain) + " \t"
            case 4: return random(900...1200, plain: plain)
            case 5: return "From " + random(0...5, plain: plain)
            default: return random(0...200, plain: plain)
            }
        }
        return lines.joined(separator: ["\n", "\r\n", "\r"].randomElement() ?? "\n")
    }

    static func content() -> EmailContent {
        var headers: [(name: String, value: String)] = [("X-Note", random(0...400, plain: Bool.random()))]
        if Bool.random() {
            let link =
                "<https://x.test/u?" + String(repeating: "t", count: Int.random(in: 1...300))
                + ">, <mailto:u@x.test?subject=a%20b>"
            headers.append(("List-Unsubscribe", link))
        }
        let attachments = (0..<max(0, Int.random(in: -2...2))).map { _ in
            EmailContent.Attachment(
                name: "f" + random(0...120, plain: Bool.random()).replacing("/", with: "") + ".bin",
                mediaType: "application/x-test",
                bytes: (0..<Int.random(in: 0...300)).map { _ in .random(in: .min ... .max) })
        }
        return EmailContent(
            subject: random(0...300, plain: Bool.random()), text: body(), html: Bool.random() ? "<p>" + body() + "</p>" : nil,
            headers: headers, attachments: attachments)
    }

    static func canonical(_ text: String) -> String {
        var lines = String(decoding: MIMEBody.canonical(text), as: UTF8.self)
        while lines.hasSuffix("\r\n") { lines.removeLast() }
        return lines
    }

    @Test("100 random messages are read back by Python's email package as they were meant")
    func roundTrip() async throws {
        var inputs: [(content: EmailContent, name: String)] = []
        var encoded: [String] = []
        for index in 0..<100 {
            let content = Self.content()
            let name = Self.random(1...80, plain: Bool.random())
            let message = try MIMEMessage(mail(content, id: Int64(index), name: name)).encode(eightBit: index % 2 == 0)
            try checkLines(message, eightBit: index % 2 == 0)
            inputs.append((content, name))
            encoded.append(Data(message).base64EncodedString())
        }
        let output = try await Programs.run(
            Programs.python, ["-c", ParsedMail.script], input: encoded.joined(separator: "\n") + "\n")
        let parsed = try output.split(separator: "\n").map { try JSONDecoder().decode(ParsedMail.self, from: Data($0.utf8)) }
        try #require(parsed.count == inputs.count)
        for (index, (input, mail)) in zip(inputs, parsed).enumerated() {
            let content = input.content
            #expect(mail.subject == content.subject)
            #expect(mail.custom == content.headers[0].value)
            #expect(mail.listUnsubscribe == content.headers.dropFirst().first?.value)
            #expect(mail.fromName == input.name)
            #expect(mail.from == "shop@example.com" && mail.to == ["b@y.test"])
            #expect(mail.messageID == "<\(index).martlet@example.com>")
            #expect(Self.canonical(mail.text) == Self.canonical(content.text))
            #expect(mail.html.map(Self.canonical) == content.html.map(Self.canonical))
            let files = content.attachments.map {
                ParsedMail.Attachment(name: $0.name, type: $0.mediaType, bytes: Data($0.bytes))
            }
            #expect(mail.attachments == files)
            let texts = content.html == nil ? ["text/plain"] : ["multipart/alternative", "text/plain", "text/html"]
            #expect(mail.types == (files.isEmpty ? texts : ["multipart/mixed"] + texts + files.map(\.type)))
            #expect(mail.defects.isEmpty)
        }
    }

    /// D1 and D2 on the bytes themselves.
    func checkLines(_ message: [UInt8], eightBit: Bool) throws {
        let pairs = zip([0] + message, message)
        try #require(pairs.allSatisfy { ($0 == 0x0D) == ($1 == 0x0A) }, "CR and LF only together")
        try #require(message.allSatisfy { $0 != 0 && (eightBit || $0 < 0x80) })
        let lines = message.split(separator: 0x0A, omittingEmptySubsequences: false).map { $0.dropLast() }
        try #require(lines.allSatisfy { $0.count <= 998 })
        for line in lines.prefix(while: { !$0.isEmpty }) {
            let text = String(decoding: line, as: UTF8.self)
            try #require(text.utf8.allSatisfy { $0 < 0x80 })
            guard text.contains("=?utf-8?") else { continue }
            #expect(text.utf8.count <= 76)
            for word in text.split(separator: " ") where word.hasPrefix("=?utf-8?") { #expect(word.utf8.count <= 75) }
        }
    }

    @Test("encoded-words are cut between characters", arguments: ["好", "😀", "ü", "👩‍👩‍👧‍👦", "e\u{301}\u{302}"])
    func cuts(character: String) throws {
        let text = "x" + String(repeating: character, count: 60)
        let words = MIMEHeader.encodedWords(text, column: 8).split(separator: "\r\n ")
        #expect(words.count > 1)
        for word in words {
            let parts = word.split(separator: "?")
            try #require(parts.count == 5 || parts.count == 4)
            let data = try #require(parts[2] == "B" ? Data(base64Encoded: String(parts[3])) : Self.q(parts[3]))
            let decoded = try #require(String(data: data, encoding: .utf8), "each word is whole UTF-8")
            #expect(decoded.replacing("x", with: "").allSatisfy { String($0) == character })
        }
    }

    static func q(_ text: Substring) -> Data? {
        text.replacing("_", with: " ").replacing("=", with: "%").removingPercentEncoding.map { Data($0.utf8) }
    }
}
