import Domain
import NIOCore
import Testing

@testable import Transports

@Suite("SMTP session")
struct SMTPSessionTests {
    static let mailFROM = "> MAIL FROM:<a@x.test>"
    static let envelope = [mailFROM, "> RCPT TO:<b@y.test>", "> DATA"]

    @Test("replies mean the same however they are cut", arguments: 1...60)
    func fragments(pieces: Int) {
        var dialogue = Dialogue()
        dialogue.server("220-welcome\r\n220-to\r\n220 server\r\n", pieces: pieces)
        dialogue.server("250-server\r\n250-PIPELINING\r\n250-SIZE 1000\r\n250 8BITMIME\r\n", pieces: pieces)
        #expect(dialogue.log == ["> EHLO client.test", "ready"])
        #expect(dialogue.session.capabilities.pipelining && dialogue.session.capabilities.eightBitMIME)
        #expect(dialogue.session.capabilities.sizeLimit == 1000)
        dialogue.begin()
        dialogue.server("250 2.1.0 ok\r\n250 2.1.5 ok\r\n354 go\r\n", pieces: pieces)
        dialogue.session.contentWritten()
        dialogue.server("250-2.0.0 fine\r\n250 2.0.0 Ok: queued as 4F1C2\r\n", pieces: pieces)
        #expect(dialogue.outcomes == [.accepted(reference: "4F1C2")])
        #expect(dialogue.log.last == "ready")
    }

    @Test("a server that does not know EHLO gets HELO and one command at a time")
    func helo() {
        var dialogue = Dialogue()
        dialogue.server("220 old\r\n")
        dialogue.server("502 what?\r\n")
        dialogue.server("250 old\r\n")
        dialogue.begin(eightBit: true)
        dialogue.server("250 ok\r\n")
        dialogue.server("250 ok\r\n")
        dialogue.server("354 go\r\n")
        dialogue.session.contentWritten()
        dialogue.server("250 ok\r\n")
        #expect(
            dialogue.log == ["> EHLO client.test", "> HELO client.test", "ready"] + Self.envelope + [
                "content 6", "finish accepted ", "ready",
            ])
        #expect(dialogue.outcomes == [.accepted(reference: "<1.martlet@x.test>")])
    }

    @Test(
        "what is not SMTP ends the connection, bounded, without a crash",
        arguments: [
            ("HTTP/1.1 400 Bad Request\r\n", "fail malformed_reply"), ("\r\n", "fail malformed_reply"),
            ("22\r\n", "fail malformed_reply"),
            ("220x\r\n", "fail malformed_reply"), ("999 x\r\n", "fail malformed_reply"), ("+20 x\r\n", "fail malformed_reply"),
            ("\u{FF}\u{0}\u{1}\r\n", "fail malformed_reply"), (String(repeating: "2", count: 5000), "fail malformed_reply"),
            (String(repeating: "220-and so on\r\n", count: 101), "fail malformed_reply"),
            ("220-" + String(repeating: "x", count: 4200) + "\r\n", "fail malformed_reply"),
            ("554 5.7.1 not you\r\n", "fail smtp_554_5.7.1 configuration"), ("421 4.3.2 later\r\n", "fail smtp_421_4.3.2"),
        ])
    func malformed(bytes: String, expected: String) {
        for pieces in [1, 7, Int.max] {
            var dialogue = Dialogue()
            dialogue.server(bytes, pieces: pieces)
            #expect(dialogue.log == [expected, "close"])
        }
    }

    @Test("a bare code, a lone line feed and a reply of one hundred lines are taken")
    func tolerant() {
        var dialogue = Dialogue()
        dialogue.server(String(repeating: "220-x\n", count: 99) + "220\n")
        #expect(dialogue.log == ["> EHLO client.test"])
    }

    @Test("with PIPELINING a refused recipient takes no other with it, whatever DATA is answered")
    func mixed() {
        var dialogue = Dialogue.ready("PIPELINING")
        dialogue.begin()
        #expect(dialogue.log == Self.envelope)
        dialogue.server("250 ok\r\n550 5.1.1 no such user\r\n554 5.5.1 no valid recipients\r\n")
        #expect(dialogue.log.suffix(2) == ["finish rejected smtp_550_5.1.1", "> RSET"])
        dialogue.server("250 ok\r\n")
        dialogue.begin()
        // RFC 2920: this server takes DATA although no recipient was taken.
        dialogue.server("250 ok\r\n550 5.1.1 no such user\r\n354 go\r\n")
        #expect(dialogue.log.last == "> .")
        dialogue.server("554 5.5.1 nobody\r\n")
        #expect(dialogue.log.suffix(2) == ["finish rejected smtp_550_5.1.1", "ready"])
        dialogue.begin()
        dialogue.server("451 4.3.0 later\r\n503 5.5.1 MAIL first\r\n503 5.5.1 RCPT first\r\n")
        #expect(dialogue.log.suffix(2) == ["finish deferred smtp_451_4.3.0", "> RSET"])
    }

    @Test(
        "a reply to RCPT that names our return path and not the recipient is about the sender",
        arguments: [
            ("550 <A@x.test>: user unknown", false), ("550 5.1.1 a@x.test unknown", false),
            ("550 <b@y.test>: user unknown (sender a@x.test)", true), ("550 user unknown", true),
        ])
    func aboutSender(reply: String, suppresses: Bool) {
        for isPipelining in [false, true] {
            var dialogue = isPipelining ? Dialogue.ready("PIPELINING") : Dialogue.ready()
            dialogue.begin()
            dialogue.server("250 ok\r\n")
            dialogue.server(reply + "\r\n")
            if isPipelining { dialogue.server("503 no recipient\r\n") }
            #expect(dialogue.outcomes.map { $0.failure?.suppressesAddress } == [suppresses])
            #expect(dialogue.outcomes.map { $0.failure?.blame } == [suppresses ? .recipient : .sender])
        }
    }

    @Test("without PIPELINING nothing follows a refusal but RSET")
    func stepwise() {
        var dialogue = Dialogue.ready()
        dialogue.begin()
        dialogue.server("250 ok\r\n")
        dialogue.server("550 5.1.1 no\r\n")
        #expect(dialogue.log == [Self.mailFROM, "> RCPT TO:<b@y.test>", "finish rejected smtp_550_5.1.1", "> RSET"])
    }

    @Test("SIZE and BODY are said where they are offered; what is too big is not sent")
    func size() {
        var dialogue = Dialogue.ready("SIZE 1000", "8BITMIME")
        dialogue.begin(size: 1001)
        #expect(dialogue.log == ["finish rejected message_too_big", "ready"])
        dialogue.begin(size: 1000, eightBit: true)
        #expect(dialogue.log.last == "> MAIL FROM:<a@x.test> SIZE=1000 BODY=8BITMIME")
        dialogue = .ready("SIZE", "8BITMIME")
        dialogue.begin(size: 1_000_000)
        #expect(dialogue.log.last == "> MAIL FROM:<a@x.test> SIZE=1000000")
        dialogue = .ready("SIZE 0")
        dialogue.begin(eightBit: true)
        #expect(dialogue.log.last == "> MAIL FROM:<a@x.test> SIZE=10")
    }

    @Test("SMTPUTF8 is said when an address needs it, and only then")
    func smtpUTF8() {
        var dialogue = Dialogue.ready("SMTPUTF8", "8BITMIME")
        dialogue.begin()
        #expect(dialogue.log.last == Self.mailFROM)
        dialogue = .ready("SMTPUTF8", "8BITMIME")
        dialogue.begin(eightBit: true, to: "josé@y.test", utf8: true)
        #expect(dialogue.log.last == "> MAIL FROM:<a@x.test> BODY=8BITMIME SMTPUTF8")
        dialogue.server("250 ok\r\n")
        #expect(dialogue.log.last == "> RCPT TO:<josé@y.test>")
        dialogue = .ready("8BITMIME")
        dialogue.begin(to: "josé@y.test", utf8: true)
        #expect(dialogue.log == ["finish rejected smtputf8_unsupported", "ready"])
        #expect(dialogue.outcomes[0].failure?.blame == .recipient && dialogue.outcomes[0].failure?.suppressesAddress == false)
    }

    @Test("DSN where it is offered and wanted, with ENVID, NOTIFY and the original recipient in xtext")
    func dsn() throws {
        let failure = try #require(SMTPNotifications("delay, failure"))
        var dialogue = Dialogue.ready("DSN", "SIZE", notify: failure)
        dialogue.begin(to: "a+b=c@y.test", envelope: "42.1")
        #expect(dialogue.log.last == "> MAIL FROM:<a@x.test> SIZE=10 RET=HDRS ENVID=42.1")
        dialogue.server("250 ok\r\n")
        #expect(dialogue.log.last == "> RCPT TO:<a+b=c@y.test> NOTIFY=FAILURE,DELAY ORCPT=rfc822;a+2Bb+3Dc@y.test")
        for var silent in [Dialogue.ready("SIZE", notify: failure), .ready("DSN", "SIZE")] {
            silent.begin(envelope: "42.1")
            silent.server("250 ok\r\n")
            #expect(silent.log == ["> MAIL FROM:<a@x.test> SIZE=10", "> RCPT TO:<b@y.test>"])
        }
        #expect(SMTPNotifications("never")?.value == "NEVER" && SMTPNotifications("success failure")?.value == "SUCCESS,FAILURE")
        for text in ["", "sometimes", "never failure", "failure;delay"] { #expect(SMTPNotifications(text) == nil) }
    }

    @Test(
        "a message whose send deadline passes during the envelope is withdrawn, and its content never leaves",
        arguments: 0...3)
    func withdrawn(replies: Int) throws {
        var dialogue = Dialogue.ready("PIPELINING")
        dialogue.begin()
        dialogue.server(["250 ok\r\n", "250 ok\r\n", "354 go\r\n"].prefix(replies).joined())
        dialogue.note(dialogue.session.withdraw())
        #expect(dialogue.log.suffix(2) == ["finish deferred deadline_passed", "close"])
        #expect(dialogue.outcomes.count == 1 && dialogue.session.withdraw().isEmpty)
        #expect(dialogue.session.connectionClosed(nil).isEmpty)
    }

    @Test("421 or a hang-up before DATA burns nothing", arguments: 0...2, [true, false])
    func lostBeforeData(replies: Int, speaks: Bool) throws {
        var dialogue = Dialogue.ready("PIPELINING")
        dialogue.begin()
        dialogue.server(String(repeating: "250 ok\r\n", count: replies))
        if speaks { dialogue.server("421 4.3.2 going down\r\n") }
        dialogue.note(dialogue.session.connectionClosed(nil))
        #expect(dialogue.log.last == "close")
        let failure = try #require(dialogue.outcomes.first?.failure)
        #expect(dialogue.outcomes.first?.name == "deferred")
        #expect(!failure.countsAttempt && failure.throttled == speaks)
        #expect(dialogue.outcomes.count == 1)
    }

    @Test("a reused connection that the server had closed already returns the message untouched", arguments: [true, false])
    func stale(speaks: Bool) {
        var dialogue = Dialogue.ready("PIPELINING")
        dialogue.begin()
        dialogue.server("250 ok\r\n250 ok\r\n354 go\r\n")
        dialogue.session.contentWritten()
        dialogue.server("250 ok\r\n")
        dialogue.begin()
        if speaks { dialogue.server("421 idle too long\r\n") } else { dialogue.note(dialogue.session.connectionClosed(nil)) }
        #expect(dialogue.log.suffix(2) == ["not begun \(speaks ? "smtp_421" : "connection_lost")", "close"])
    }

    @Test(
        "doubt begins with the final dot and ends with its reply",
        arguments: [
            (false, "deferred"), (true, "unknown"),
        ])
    func unknownOutcome(written: Bool, expected: String) {
        for timesOut in [true, false] {
            var dialogue = Dialogue.ready("PIPELINING")
            dialogue.begin()
            dialogue.server("250 ok\r\n250 ok\r\n354 go\r\n")
            if written { dialogue.session.contentWritten() }
            dialogue.server("250-2.0.0 half a re")
            dialogue.note(timesOut ? dialogue.session.timedOut() : dialogue.session.connectionClosed(nil))
            #expect(dialogue.outcomes.map(\.name) == [expected])
            #expect(dialogue.outcomes[0].failure?.countsAttempt == true)
            #expect(dialogue.log.last == "close")
            #expect(dialogue.session.timedOut().isEmpty && dialogue.session.connectionClosed(nil).isEmpty)
        }
    }

    @Test("an answer before the final dot counts, but the connection cannot be used again")
    func early() {
        var dialogue = Dialogue.ready("PIPELINING")
        dialogue.begin()
        dialogue.server("250 ok\r\n250 ok\r\n354 go\r\n")
        dialogue.server("552 5.3.4 too big\r\n")
        #expect(dialogue.log.suffix(2) == ["finish rejected smtp_552_5.3.4", "close"])
    }

    @Test(
        "replies without a command end the connection instead of answering the next message",
        arguments: [
            "250 ok\r\n250 again\r\n", "250 ok\r\n2",
        ])
    func desynchronised(bytes: String) {
        var dialogue = Dialogue.ready("PIPELINING")
        dialogue.begin()
        dialogue.server("250 ok\r\n250 ok\r\n354 go\r\n")
        dialogue.session.contentWritten()
        dialogue.server(bytes)
        #expect(dialogue.log.suffix(2) == ["finish accepted ", "close"])
    }

    @Test("RFC 5321, 4.5.3.2: every wait has its limit")
    func patience() {
        var dialogue = Dialogue()
        #expect(dialogue.session.patience == .seconds(300))
        dialogue = .ready("PIPELINING")
        #expect(dialogue.session.patience == nil)
        dialogue.begin()
        #expect(dialogue.session.patience == .seconds(300))
        dialogue.server("250 ok\r\n250 ok\r\n")
        #expect(dialogue.session.patience == .seconds(120))
        dialogue.server("354 ok\r\n")
        #expect(dialogue.session.patience == .seconds(180))
        dialogue.session.contentWritten()
        #expect(dialogue.session.patience == .seconds(600))
    }

    @Test("random bytes never crash a session, and every transaction ends exactly once")
    func fuzz() {
        let replies = [
            "250 ok\r\n", "354 go\r\n", "421 x\r\n", "550 5.1.1 x\r\n", "451 x\r\n", "250-", "\r\n", "334 \r\n", "x", "220 \r\n",
        ]
        for _ in 0..<5_000 {
            var dialogue = Dialogue.ready("PIPELINING")
            dialogue.begin()
            for _ in 0..<Int.random(in: 1...8) {
                dialogue.server(replies.randomElement() ?? "")
                if dialogue.session.state == .content, Bool.random() { dialogue.session.contentWritten() }
            }
            dialogue.note(Bool.random() ? dialogue.session.timedOut() : dialogue.session.connectionClosed(nil))
            #expect(dialogue.outcomes.count == 1, "\(dialogue.log)")
        }
    }
}
