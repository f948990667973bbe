import Domain
import Foundation
import Testing

@testable import Rendering

/// Tokens that show what they stand for: the message's number, the place in the list of those asked for, and filling.
private func tokens(_ seen: Seen = Seen()) -> LinkTokens {
    LinkTokens(
        click: { message, target in seen.token(message, target) },
        open: { message in "o\(message)" + String(repeating: "z", count: 20) })
}

private final class Seen: @unchecked Sendable {
    private var targets: [String] = []
    func token(_ message: MessageID, _ target: String) -> String {
        if !targets.contains(target) { targets.append(target) }
        let number = targets.firstIndex(of: target)! + 1
        let text = "t\(message)n\(number)"
        return text + String(repeating: "x", count: 22 - text.count)
    }
}

private let click = "https://s.example/c"
/// What the n-th address of message 1 becomes.
private func link(_ number: Int) -> String {
    let token = "t1n\(number)"
    return click + "/" + token + String(repeating: "x", count: 22 - token.count)
}

private func tracking(
    clicks: Bool = true, opens: Bool = false, _ changes: (inout ClassPolicy) -> Void = { _ in },
    sender: (inout Sender) -> Void = { _ in }, wordLists: [WordList] = []
) -> Policy {
    var policy = policy(
        {
            $0.tracking = LinkTracking(clicks: clicks, opens: opens)
            changes(&$0)
        }, sender: sender, wordLists: wordLists)
    policy.links = LinkPlaces(clickURL: click, openURL: "https://s.example/o", secretFile: "/nowhere")
    return policy
}

private func render(
    _ text: String, _ policy: Policy = tracking(), to address: String = "+447700900123"
) throws(RenderError) -> (text: SMSText, rendered: Rendered) {
    let rendered = try Renderer(policy, links: tokens()).render(
        message(.sms, #"{"text": \#(json(text))}"#, to: address), template: parsed(.sms, "{{text}}"))
    guard case .sms(let sms) = rendered.message.content else { throw .unknownClass("no SMS") }
    return (sms, rendered)
}

private func mail(_ text: String, html: String? = nil, _ policy: Policy) throws -> (mail: EmailContent, rendered: Rendered) {
    let rendered = try Renderer(policy, links: tokens()).render(
        message(.email, "{}", to: "a@example.com"), template: parsed(.email, text, subject: "S", html: html))
    guard case .email(let mail) = rendered.message.content else { throw RenderError.unknownClass("no mail") }
    return (mail, rendered)
}

private func json(_ text: String) -> String {
    String(decoding: (try? JSONEncoder().encode(text)) ?? Data(), as: UTF8.self)  // a text always has JSON
}

@Suite("Links in texts")
struct LinkTests {
    @Test(
        "an address becomes a link up to where it ends, and what stands around it stays",
        arguments: [
            ("See https://shop.example/new.", "See L1."), ("See (https://shop.example/new)", "See (L1)"),
            ("(see https://a.example/x_(y))", "(see L1)"), ("[https://a.example/x]", "[L1]"), ("<https://a.example/x>", "<L1>"),
            ("\"https://a.example/x\"", "\"L1\""), ("'http://a.example/x'", "'L1'"), ("https://a.example/x, then", "L1, then"),
            ("https://a.example/?a=1&b=2#c!", "L1!"), ("HTTPS://A.example/X?", "L1?"), ("https://a.example:8443/x;", "L1;"),
            ("https://a.example", "L1"), ("https://a.example/...", "L1..."), ("https://[2001:db8::1]:80/x", "L1"),
            // Chinese punctuation and text directly behind or in front of it.
            ("详情：https://a.example/x。谢谢", "详情：L1。谢谢"), ("（https://a.example/x）", "（L1）"),
            ("【https://a.example/x】", "【L1】"), ("看https://a.example/x，快来", "看L1，快来"), ("“https://a.example/x”", "“L1”"),
            ("https://a.example/x、https://b.example/y！", "L1、L2！"), ("戳https://a.example/x查看", "戳L1查看"),
            ("https://a.example/x😀", "L1😀"), ("https://a.example/x\nhttps://a.example/x", "L1\nL1"),
            ("https://a.example/1 https://a.example/2 https://a.example/1", "L1 L2 L1"),
            ("https://a.example/%E5%A5%BD", "L1"), ("https://a.example/r?u=https://b.example/x", "L1"),
            ("**https://a.example/x**", "**L1**"), ("https://a.example/x\u{1}y", "L1\u{1}y"),
            // Behind an address, and not in it.
            ("`https://a.example/x` is new", "`L1` is new"), ("{https://a.example/x}.", "{L1}."),
            ("https://a.example/x| then", "L1| then"),
            ("https://a.example/x^", "L1^"), ("https://a.example/x\\", "L1\\"), ("https://a.example/x에서 보기", "L1에서 보기"),
            ("https://a.example/x查看，https://a.example/x", "L1查看，L1"), ("https://a.example/x\u{200B} y", "L1\u{200B} y"),
        ])
    func ends(text: String, expected: String) throws {
        let found = try render(text)
        #expect(found.text.text == expected.replacing("L1", with: link(1)).replacing("L2", with: link(2)))
        #expect(found.rendered.links.allSatisfy { text.contains($0) } && !found.rendered.links.isEmpty)
        #expect(found.text.parts.joined() == found.text.text)
    }

    @Test(
        "what is no plain http or https address stays as it is",
        arguments: [
            "mailto:ann@example.com", "tel:+4477009", "ftp://a.example/x", "www.example.com", "a.example/x", "http://",

            "xhttps://a.example/x", "https://.", "javascript:alert(1)", "https ://a.example",
            // Ways out, and what is tracked already.
            "https://a.example/unsubscribe?u=1", "https://a.example/OptOut/1", "https://out.example/u/abc",
            "https://s.example/c/0123456789012345678901", "https://s.example/o/0123456789012345678901.gif",
        ])
    func stays(text: String) throws {
        var policy = tracking()
        policy.providers = [
            "mail": ProviderPolicy(
                name: "mail", transport: "smtp", channels: [.email], options: ["unsubscribe_url": "https://out.example/u/{token}"]
            )
        ]
        let found = try render(text, policy)
        #expect(found.text.text == text && found.rendered.links.isEmpty && found.rendered.warnings.isEmpty)
    }

    @Test(
        "what cannot be tracked stays as it is, with a warning that says why",
        arguments: [
            ("https://bank.example@evil.example/", RenderWarning.Untracked.odd), ("https://user:pw@a.example/x", .odd),
            ("https://a.example:port/x", .odd), ("https://zh.example/wiki/中国", .unclear), ("https://a.example/?q=红", .unclear),
            ("https://a.example/" + String(repeating: "a", count: 2048), .tooLong), ("https://%41.example/", .odd),
            ("https:///x", .odd), ("https://?x", .odd),
            // Programs differ on where these end; none of them may be led elsewhere.
            ("https://a.example/?x=a|b", .unclear), ("https://a.example/a{b}", .unclear), ("https://a.example/{id}/x.", .unclear),
            ("https://a.example/?x=a^b", .unclear), ("https://a.example/?x=a`b", .unclear), ("https://a.example/a\\b", .unclear),
            ("https://a.example\\@b.example/", .unclear), ("https://a.example/x|https://b.example/y", .unclear),
            ("https://a.example/x|中国", .unclear), ("https://bücher.example/x", .unclear),
            ("https://a.example/café?x=1", .unclear),
            ("https://a.example/a中国/b", .unclear), ("https://a.例え.example/", .unclear), ("https://a例え.example/", .unclear),
            ("https://a.example/a\u{200B}b", .unclear), ("https://a.example/a\u{AD}b", .unclear),
            ("https://a.example/🔥", .unclear), ("https://a.example/?q=❤", .unclear), ("https://a.example/#™", .unclear),
        ])
    func untracked(text: String, why: RenderWarning.Untracked) throws {
        let found = try render(text)
        #expect(found.text.text == text && found.rendered.links.isEmpty)
        #expect(found.rendered.warnings == [.untrackedLink(why)])
        #expect(
            found.rendered.warnings[0].code == "untracked_link" && !found.rendered.warnings[0].description.contains("a.example"))
    }

    @Test("an address of 2,048 characters is tracked; of 51 different ones the last is not, and one of the first 50 again is")
    func bounds() throws {
        let longest = "https://a.example/" + String(repeating: "a", count: 2048 - 18)
        #expect(try render(longest).rendered.links == [longest])
        let many = (1...51).map { "https://a.example/\($0)" } + ["https://a.example/7"]
        let found = try mail(many.joined(separator: "\n"), tracking())
        #expect(found.rendered.links == Array(many.prefix(50)))
        #expect(found.rendered.warnings == [.untrackedLink(.tooMany)])
        let lines = found.mail.text.split(separator: "\n").map(String.init)
        #expect(lines[50] == "https://a.example/51" && lines[51] == link(7) && lines[0] == link(1))
    }

    @Test("a class that erases bodies tracks nothing, one without tracking nothing either; without a secret a warning says so")
    func off() throws {
        let text = "Code 1234 https://a.example/x"
        #expect(try render(text, tracking { $0.erasesBody = true }).text.text == text)
        #expect(try render(text, tracking { $0.tracking = nil }).text.text == text)
        #expect(try render(text, tracking(clicks: false, opens: true)).text.text == text)
        let rendered = try Renderer(tracking()).render(message(.sms), template: parsed(.sms, text))
        #expect(rendered.warnings == [.untrackedLink(.noSecret)] && rendered.links.isEmpty)
        let plain = try Renderer(policy(), links: tokens()).render(message(.sms), template: parsed(.sms, text))
        #expect(plain == (try Renderer(policy()).render(message(.sms), template: parsed(.sms, text))))
    }

    @Test(
        "the way out in the opt-out phrase stays, whether Render adds it or the template has it; the signature's address does not"
    )
    func optOut() throws {
        let policy = tracking {
            $0.requiresOptOut = true
            $0.requiresSignature = true
        } sender: {
            $0.optOutPhrases = ["": " Out: https://a.example/bye"]
            $0.signatures = ["": "A https://a.example/ "]
        }
        #expect(try render("Hi", policy).text.text == "A \(link(1)) Hi Out: https://a.example/bye")
        #expect(
            try render("Hi Out: https://a.example/bye or https://a.example/x", policy).text.text
                == "A \(link(1)) Hi Out: https://a.example/bye or \(link(2))")
    }

    @Test("segments are those of the text with links, and a class's limit counts them")
    func segments() throws {
        let link = click.count + 1 + 22
        let fill = String(repeating: "a", count: 159 - link)
        #expect(try render(fill + " http://a.example").text.parts.count == 1)
        let longer = try render(fill + "a http://a.example").text
        #expect(longer.parts.count == 2 && longer.units == 161 && longer.encoding == .gsm7)
        // Shorter than what was written: the long address costs nothing.
        #expect(try render("http://a.example/" + String(repeating: "b", count: 400)).text.units == link)
        #expect(throws: RenderError.self) { try render(fill + "a http://a.example", tracking { $0.maxSegments = 1 }) }
        let chinese = String(repeating: "好", count: 70 - link)
        #expect(try render(chinese + "http://a.example").text.parts.count == 1)
        #expect(try render(chinese + "好http://a.example").text.parts.count == 2)
    }

    @Test("word lists look at the text as it was written: an address is found, and no token is")
    func words() throws {
        let list = [WordList(name: "l", action: .block, words: ["evil.example", "t1n1"])]
        #expect(throws: RenderError.self) { try render("https://evil.example/x", tracking(wordLists: list)) }
        #expect(try render("https://good.example/x", tracking(wordLists: list)).rendered.links.count == 1)
    }

    @Test("a preview has links of the right length without a secret")
    func placeholder() throws {
        let rendered = try Renderer(tracking(), links: .placeholder).render(
            message(.sms), template: parsed(.sms, "https://a.example/x"))
        guard case .sms(let sms) = rendered.message.content else { throw RenderError.unknownClass("no SMS") }
        #expect(sms.text.count == link(1).count && sms.text.hasPrefix(click + "/"))
        #expect(LinkTokens.placeholder.open(MessageID(1)).count == LinkTokens.clickLength)
    }

    @Test("texts of other channels are tracked like SMS")
    func otherChannels() throws {
        let rendered = try Renderer(tracking(), links: tokens()).render(
            message(chat), template: parsed(chat, "Go https://a.example/x!"))
        #expect(rendered.message.content == .http("Go \(link(1))!") && rendered.links == ["https://a.example/x"])
    }

    @Test("128 KiB of the worst texts take a time that grows with their length, not with its square", .timeLimit(.minutes(1)))
    func bounded() throws {
        let rules = LinkRules(tracking(), nil)
        let expansion = LinkExpansion(rules, LinkTracking(clicks: true, opens: true), tokens(), MessageID(1))
        /// The least of three, in time of this thread alone: others' work on the machine does not count.
        func cost(_ piece: String, octets: Int) -> Duration {
            let text = String(repeating: piece, count: octets / piece.utf8.count)
            return (0..<3).map { _ in
                let start = threadTime()
                _ = expansion.text(text)
                _ = expansion.html(text)
                return threadTime() - start
            }.min() ?? .zero
        }
        for piece in [
            "http://", "h", "https://(((", "https://a.example/)", "<a href=", "<!--", "<a ", "<script>", "&", "http://a!", "<",
            "http://a|", "http://a中", "http://a}{",
        ] {
            // Eight times the length: 8 when it grows with the length, 64 when with its square.
            let (short, long) = (cost(piece, octets: 16_384), cost(piece, octets: 131_072))
            #expect(long < max(short, .milliseconds(1)) * 24, "\(piece): \(short), then \(long)")
        }
    }

    private func threadTime() -> Duration {
        var time = timespec()
        clock_gettime(CLOCK_THREAD_CPUTIME_ID, &time)
        return .seconds(time.tv_sec) + .nanoseconds(time.tv_nsec)
    }
}

@Suite("Links in HTML")
struct HTMLLinkTests {
    @Test(
        "only the addresses of a and area become links",
        arguments: [
            (#"<a href="https://a.example/x">https://a.example/x</a>"#, #"<a href="L1">https://a.example/x</a>"#),
            (#"<A class=b HREF='https://a.example/x' >x</A>"#, #"<A class=b HREF='L1' >x</A>"#),
            (#"<a href=https://a.example/x>x</a>"#, #"<a href=L1>x</a>"#),
            (#"<a href = "  https://a.example/x "/>"#, #"<a href = "L1"/>"#),
            ("<a\nhref=\"http://a.example\">", "<a\nhref=\"L1\">"),
            (#"<area shape="rect" href="https://a.example/x">"#, #"<area shape="rect" href="L1">"#),
            (#"<a href="https://a.example/?a=1&amp;b=2">"#, #"<a href="L1">"#),
            (
                #"<a href="https://a.example/1"><a href="https://a.example/1"><a href="https://a.example/2">"#,
                #"<a href="L1"><a href="L1"><a href="L2">"#
            ),
            (#"<a title="a > b" href="https://a.example/x">"#, #"<a title="a > b" href="L1">"#),
            (#"<a href="https://a.example/x" href="https://b.example/y">"#, #"<a href="L1" href="https://b.example/y">"#),
        ])
    func rewritten(html: String, expected: String) throws {
        let found = try mail("text", html: html, tracking())
        #expect(found.mail.html == expected.replacing("L1", with: link(1)).replacing("L2", with: link(2)))
        #expect(found.rendered.warnings == [])
    }

    @Test("the address is read as browsers read it, not as it is written")
    func references() throws {
        for (written, read) in [
            ("https://a.example/?a=1&amp;b=2", "https://a.example/?a=1&b=2"),
            ("https://a.example/?a=1&b=2", "https://a.example/?a=1&b=2"),
            ("https://a.example/?q=&#39;x&#x27;", "https://a.example/?q='x'"),
            ("https:&#x2F;&#47;a.example", "https://a.example"),
            ("https://a.example/?a&amp;amp;b", "https://a.example/?a&amp;b"),
            // What ends an attribute is certain: nothing of these is cut.
            ("https://a.example/?x=a|b", "https://a.example/?x=a|b"),
            ("https://a.example/{id}?a^b`", "https://a.example/{id}?a^b`"),
        ] {
            #expect(try mail("x", html: "<a href=\"\(written)\">", tracking()).rendered.links == [read])
        }
    }

    @Test(
        "everything else stays as it is",
        arguments: [
            #"<a href="mailto:a@b.example">"#, #"<a href="tel:+44">"#, ##"<a href="#top">"##, #"<a href="/x">"#,
            #"<a name="https://a.example/x">"#,
            #"<a data-no-track href="https://a.example/x">"#, #"<a href="https://a.example/x" data-no-track="">"#,
            #"<link rel="stylesheet" href="https://a.example/x.css">"#, #"<img src="https://a.example/x.png">"#,
            #"<base href="https://a.example/">"#, #"<abbr href="https://a.example/">"#,
            #"<!-- <a href="https://a.example/x"> -->"#,
            #"<script>var a = '<a href="https://a.example/x">'</script>"#,
            #"<style>/* <a href="https://a.example/x"> */</style>"#,
            #"<img alt='<a href="https://a.example/x">'>"#, #"<a href="https://a.example/x"#, #"<a href="javascript:alert(1)">"#,
            #"<a href="data:text/html,https://a.example/">"#, #"<a href="https://a.example/unsubscribe">"#, "https://a.example/x",
            "<a href>",
        ])
    func untouched(html: String) throws {
        let found = try mail("text", html: html, tracking())
        #expect(found.mail.html == html && found.rendered.links == [] && found.rendered.warnings == [])
    }

    @Test(
        "an address that cannot be told for certain stays, with a warning",
        arguments: [
            "https://a.example/?a=1&copy", "https://a.example/&eacute;", "https://a.example/好", "https://a.example/a b",
            "https://u@a.example/", "https://a.example/&#10;x", #"https://a.example\@b.example/"#, #"https://a.example/a\b"#,
            "https://a|b.example/",
        ])
    func odd(address: String) throws {
        let html = "<a href=\"\(address)\">"
        let found = try mail("text", html: html, tracking())
        #expect(found.mail.html == html && found.rendered.warnings == [.untrackedLink(.odd)])
    }

    @Test("text and HTML share links; subject and headers keep theirs")
    func shared() throws {
        let template = try parsed(
            .email, "Go https://a.example/x", subject: "https://a.example/x", html: #"<a href="https://a.example/x">"#)
        var email = message(.email, "{}", to: "a@example.com")
        email.headers = #"{"List-Unsubscribe": "<https://a.example/u>"}"#
        let rendered = try Renderer(tracking(), links: tokens()).render(email, template: template)
        guard case .email(let mail) = rendered.message.content else { throw RenderError.unknownClass("no mail") }
        #expect(mail.subject == "https://a.example/x" && mail.headers.first?.value == "<https://a.example/u>")
        #expect(
            mail.text == "Go \(link(1))" && mail.html == "<a href=\"\(link(1))\">" && rendered.links == ["https://a.example/x"])
    }

    @Test("the picture stands at the end of the body, once, and only where there is HTML and the class asks for it")
    func picture() throws {
        let picture =
            #"<img src="https://s.example/o/o1zzzzzzzzzzzzzzzzzzzz.gif" width="1" height="1" alt="" style="display:block;border:0">"#
        let opens = tracking(clicks: false, opens: true)
        #expect(try mail("t", html: "<body>x</body></html>", opens).mail.html == "<body>x\(picture)</body></html>")
        #expect(try mail("t", html: "x</BODY>y</Body>", opens).mail.html == "x</BODY>y\(picture)</Body>")
        #expect(try mail("t", html: "<p>x", opens).mail.html == "<p>x\(picture)")
        let plain = try mail("https://a.example/x", opens)
        #expect(plain.mail.text == "https://a.example/x" && plain.mail.html == nil)
        #expect(try mail("t", html: "<p>x", tracking()).mail.html == "<p>x")
    }
}
