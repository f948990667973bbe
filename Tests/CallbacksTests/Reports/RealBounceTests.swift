import Domain
import Foundation
import ProviderSupport
import Testing

@testable import Callbacks

/// What the mail servers in Debian 12 wrote about messages that a server on loopback refused: with made-up names and addresses, otherwise as it came.
@Suite("bounces of real servers")
struct RealBounceTests {
    private struct Missing: Error {}
    let samples: ReportSamples
    let reader: ReportReader

    init() throws {
        samples = ReportSamples(secret: try TokenSecret(lines: "0123456789abcdef"))
        reader = ReportReader(provider: "mail", secret: samples.secret)
    }

    private static let folder = URL(filePath: #filePath).deletingLastPathComponent().appending(path: "Real")

    private static let expected = [
        // Exim 4.96: every status is 5.0.0, and every bounce calls itself auto-replied.
        "exim-gone": "hard 5.1.1", "exim-nouser": "hard 5.0.0", "exim-yahoo": "hard 5.0.0", "exim-full": "soft 5.2.2",
        "exim-dns": "soft 5.0.0", "exim-list": "soft 5.7.1", "exim-tmp511": "soft 4.1.1",
        // sendmail 8.17: "unknown user" to a content is no proof.
        "sendmail-gone": "hard 5.1.1", "sendmail-nouser": "hard 5.1.1", "sendmail-yahoo": "hard 5.0.0",
        "sendmail-docomo": "soft 5.2.0", "sendmail-full": "soft 5.2.2", "sendmail-dns": "soft 5.1.1",
        "sendmail-list": "soft 5.7.1",
        "sendmail-tmp511": "delayed 4.1.1", "sendmail-expired": "soft 4.1.1",
        // nullmailer 2.2.
        "nullmailer-gone": "hard 5.1.1", "nullmailer-nouser": "hard 5.0.0", "nullmailer-yahoo": "hard 5.0.0",
        "nullmailer-full": "soft 5.2.2", "nullmailer-dns": "soft 5.0.0", "nullmailer-tmp511": "delayed 4.1.1",
        // OpenSMTPD 6.8: the reason is told to people only, and the last word calls itself a delay.
        "opensmtpd-gone": "hard 5.1.1", "opensmtpd-nouser": "hard 5.0.0", "opensmtpd-yahoo": "hard 5.0.0",
        "opensmtpd-full": "soft 5.2.2", "opensmtpd-dns": "soft 5.0.0", "opensmtpd-tmp": "delayed 4.2.0",
        "opensmtpd-expired": "soft 4.4.7",
    ]

    private func read(_ text: String) -> String {
        let events: [ProviderEvent]
        switch reader.read(Array(text.replacing("TOKEN", with: samples.token).utf8)) {
        case .events(let found): events = found
        case .unclear(let found): events = found
        case .autoReply, .foreign, .unreadable: return "lost"
        }
        return events.map { event in
            guard case .bounce(let report) = event else { return "no bounce" }
            guard report.messageID == MessageID(42), report.attempt == 3 else { return "another message" }
            return "\(report.kind.rawValue) \(report.status)"
        }.joined(separator: ", ")
    }

    @Test("every one is read as what it says, with any line ends")
    func servers() throws {
        let files = try FileManager.default.contentsOfDirectory(atPath: Self.folder.path).filter { $0.hasSuffix(".eml") }
        #expect(Set(files) == Set(Self.expected.keys.map { $0 + ".eml" }))
        for (name, expected) in Self.expected {
            let text = String(decoding: try Data(contentsOf: Self.folder.appending(path: name + ".eml")), as: UTF8.self)
            for ends in ["\n", "\r\n", "\r"] {
                #expect(read(text.replacing("\n", with: ends)) == expected, "\(name) \(ends.debugDescription)")
            }
            #expect(read(text.replacing("TOKEN", with: "x")) == "lost", "\(name) without a token")
        }
    }

    private static func mail(_ header: String, _ body: String) -> String {
        "Return-Path: <>\nTo: bounce+TOKEN@bounces.example.com\n\(header)\nContent-Type: text/plain\n\n\(body)\n"
    }

    @Test(
        "reports in words are read, too",
        arguments: [
            (
                "From: MAILER-DAEMON@mx.example.net\nSubject: failure notice",
                "Hi. This is the qmail-send program at mx.example.net.\nSome words.\n\n<ann@example.net>:\nSorry, no mailbox here by that name. (#5.1.1)\n\n--- Below this line is a copy of the message.\n\nuser over quota",
                "hard 5.1.1"
            ),
            (
                "From: MAILER-DAEMON@mx.example.net\nSubject: failure notice",
                "<ann@example.net>:\n192.0.2.5 does not like recipient.\nRemote host said: 552 5.2.2 mailbox full\nGiving up on 192.0.2.5.",
                "soft 5.2.2"
            ),
            (
                "From: MAILER-DAEMON@mx.example.net\nSubject: failure notice",
                "<ann@nowhere.test>:\nSorry, I couldn't find any host named nowhere.test. (#5.1.2)", "hard 5.1.2"
            ),
            (
                "From: System Administrator <postmaster@ex.example.net>\nPrecedence: bulk\nSubject: Undeliverable: Hello",
                "Your message did not reach ann@example.net: the name was not recognised.", "hard 5.0.0"
            ),
            (
                "From: System Administrator <postmaster@ex.example.net>\nPrecedence: bulk\nSubject: Undeliverable: Hello",
                "Your message did not reach ann@example.net.", "soft 5.0.0"
            ),
            (
                "X-Failed-Recipients: ann@example.net\nAuto-Submitted: auto-replied\nFrom: Mail Delivery System <Mailer-Daemon@mx.example.net>\nSubject: Mail delivery failed",
                "  ann@example.net\n    host mx [192.0.2.5]\n    SMTP error from remote mail server after RCPT TO:<ann@example.net>:\n    550 5.1.1 user unknown",
                "hard 5.1.1"
            ),
            (
                "X-Failed-Recipients: ann@example.net\nAuto-Submitted: auto-replied\nFrom: Mail Delivery System <Mailer-Daemon@mx.example.net>\nSubject: Mail delivery failed",
                "  ann@example.net\n    SMTP error from remote mail server after end of data:\n    550 unknown user ann@example.net",
                "soft 5.0.0"
            ),
            (
                "From: Postmaster@notes.example.net\nSubject: DELIVERY FAILURE: user not listed in the directory",
                "The message could not be delivered to ann@example.net because: User Ann not listed in Domino Directory",
                "hard 5.0.0"
            ),
            (
                "From: Mail Delivery System <Mailer-Daemon@mx.example.net>\nSubject: Mail delivery failed",
                "|--- Failed addresses follow: ---|\n <ann@example.net>\n   552 5.2.2 <ann@example.net> mailbox is full",
                "soft 5.2.2"
            ),
            (
                "From: MAILER-DAEMON@yahoo.test\nSubject: Failure Notice",
                "Sorry, we were unable to deliver your message to the following address.\n\n<ann@example.net>:\n554: delivery error: dd This user doesn't have a example.net account (ann@example.net) [0]",
                "hard 5.0.0"
            ),
            (
                "From: postmaster@zoho.test\nSubject: =?utf-8?Q?Undelivered_Mail?=",
                "ann@example.net Invalid Address, ERROR_CODE :550, ERROR_CODE :5.1.1 no such user", "hard 5.1.1"
            ),
            (
                "From: mailer-daemon@mx.example.net\nSubject: Warning: message delayed 4 hours",
                "Your message has not yet been delivered to ann@example.net: connection timed out. You do not need to resend it.",
                "delayed 4.0.0"
            ),
            (
                "From: MAILER-DAEMON@mx.example.net\nSubject: Undelivered mail",
                "ann@example.net: I'm not going to try again; this message has been in the queue too long. (#4.4.7)", "soft 4.4.7"
            ),
            // Verizon's gateway to phones writes so of numbers that are not there, and Apache James of what it has taken first.
            (
                "From: post_master@sms.example.net\nSubject: Re: Hello",
                "Error: Invalid user address\n\nError message below:\n550 - Requested action not taken: no such user here",
                "soft 5.0.0"
            ),
            ("From: MAILER-DAEMON@mx.example.net\nSubject: Fehler", "Unverständliches über diese Nachricht.", "soft 5.0.0"),
            ("From: relay@mx.example.net\nSubject: x", "Without a sender, and without a reason.", "soft 5.0.0"),
        ])
    func words(header: String, body: String, expected: String) {
        #expect(read(Self.mail(header, body)) == expected)
        #expect(read(Self.mail(header, body).replacing("\n", with: "\r")) == expected, "old line ends")
    }

    @Test(
        "fields as servers really write them",
        arguments: [
            ("Action: failed\nStatus: #5.1.1\nDiagnostic-Code: smtp; 550 no such user", "hard 5.1.1"),
            (
                "Action: failed\nStatus: 5.1.0\nDiagnostic-Code: smtp; 5.1.0 - Unknown address error 550-'5.1.1 <b@y.test>: no such user' (delivery attempts: 0)",
                "hard 5.1.1"
            ),
            (
                "Action: failed\nStatus: 5.1.0\nDiagnostic-Code: smtp; 5.1.0 - Unknown address error 550-'5.7.1 Access denied' (delivery attempts: 0)",
                "soft 5.7.1"
            ),
            ("Action: failed\nStatus: 5.1.1\nDiagnostic-Code: smtp; 550 5.7.1 192.0.2.1 is on a blocklist", "soft 5.7.1"),
            ("Action: failed\nStatus: 5.1.1\nDiagnostic-Code: smtp; 552 5.2.2 Over quota", "soft 5.2.2"),
            ("Action: failed\nStatus: 5.1.1\nDiagnostic-Code: smtp; 450 4.1.1 user unknown", "soft 4.1.1"),
            ("Action: failed\nStatus: 5.0.0\nDiagnostic-Code: smtp;\n 550\n 5.1.1\n user\tunknown", "hard 5.1.1"),
            ("Action: failed\nStatus: 5.0.0\nDiagnostic-Code: =?utf-8?B?c210cDsgNTUwIDUuMS4xIGdvbmU=?=", "hard 5.1.1"),
            ("Action: failure\nStatus: 5.1.1", "hard 5.1.1"), ("Action: deferred\nStatus: 4.2.0", "delayed 4.2.0"),
            ("Action: strange\nStatus: 5.2.0", "soft 5.2.0"), ("Action: strange\nStatus: 4.2.0", "soft 4.2.0"),
            ("Action: delayed\nStatus: 4.4.7", "soft 4.4.7"), ("Action: delayed\nStatus: 5.4.7", "soft 5.4.7"),
            ("Action: delayed\nStatus: 4.4.7\nWill-Retry-Until: Fri, 1 Jan 2027 00:00:00 +0000", "delayed 4.4.7"),
            ("Action: relayed\nStatus: 2.1.9", "passed_on 2.1.9"),
            ("Action: relayed (to non-DSN-aware mailer)\nStatus: 2.0.0", "passed_on 2.0.0"),
            (
                "Action: failed\nStatus: 5.1.1\nDiagnostic-Code: x-unix; procmail: couldn't create mailbox: No such user",
                "soft 5.1.1"
            ),
            (
                "Action: failed\nStatus: 4.0.0\nDiagnostic-Code: smtp; DNS responded with code NXDOMAIN. Domain name not found: y.test",
                "hard 4.0.0"
            ),
            ("Action: failed\nStatus: 4.4.3\nDiagnostic-Code: X-Postfix; Host not found, try again", "soft 4.4.3"),
        ])
    func fields(fields: String, expected: String) {
        #expect(read(samples.report("Final-Recipient: rfc822; b@y.test\n" + fields)) == expected)
    }

    /// What a gateway that no list has, and one that repeats answers, write around the same words.
    private static let unknown = "Your message could not be delivered."
    private static let witness = "This is the nullmailer delivery system. The message could not be delivered."

    @Test(
        "everyday words for a dead mailbox suppress only with a witness: the command, a code, or who wrote the report",
        arguments: [
            (unknown, "Status: 5.0.0\nDiagnostic-Code: smtp; 550 <b@y.test>: User unknown", "soft 5.0.0"),
            (unknown, "Status: 5.2.1\nDiagnostic-Code: smtp; 550 5.2.1 <b@y.test>... User Unknown", "soft 5.2.1"),
            (unknown, "Status: 5.7.1\nDiagnostic-Code: smtp; 550 5.7.1 No such user", "soft 5.7.1"),
            (unknown, "Status: 5.1.1\nDiagnostic-Code: smtp; 550 <b@y.test>: User unknown", "hard 5.1.1"),
            (unknown, "Status: 5.1.0\nDiagnostic-Code: smtp; 550 no such user", "hard 5.1.0"),
            (
                unknown,
                "Status: 5.5.0\nDiagnostic-Code: smtp;550 Requested action not taken: mailbox unavailable (-22:2222:-22)",
                "hard 5.5.0"
            ),
            (
                unknown,
                "Status: 5.0.0\nDiagnostic-Code: smtp; 554 delivery error: dd This user doesn't have a y.test account (b@y.test)",
                "hard 5.0.0"
            ),
            (
                unknown, "Status: 5.0.0\nDiagnostic-Code: smtp; This user doesn't have a y.test account (b@y.test) [-9]",
                "soft 5.0.0"
            ),
            (
                unknown, "Status: 5.2.1\nDiagnostic-Code: smtp;550 5.2.1 User Unknown\nX-PowerMTA-BounceCategory: bad-mailbox",
                "hard 5.2.1"
            ),
            (
                unknown, "Status: 5.2.1\nDiagnostic-Code: smtp;550 5.2.1 User Unknown\nX-PowerMTA-BounceCategory: policy-related",
                "soft 5.2.1"
            ),
            (witness, "Status: 5.0.0\nDiagnostic-Code: smtp; 550 <b@y.test>: User unknown", "hard 5.0.0"),
            (
                unknown + " (in reply to RCPT TO command)", "Status: 5.0.0\nDiagnostic-Code: smtp; 550 <b@y.test>: User unknown",
                "hard 5.0.0"
            ),
            (
                unknown + " (in reply to end of DATA command)",
                "Status: 5.0.0\nDiagnostic-Code: smtp; 550 <b@y.test>: User unknown", "soft 5.0.0"
            ),
            // Sun's Messaging Server: the command stands behind Status, and a filter at RCPT has a code of its own.
            (
                unknown,
                "Status: 5.0.0 (Remote SMTP server has rejected address)\nDiagnostic-Code: smtp;550 <b@y.test>: User unknown",
                "hard 5.0.0"
            ),
            (
                unknown,
                "Status: 5.0.0 (SMTP transmission failure has occurred)\nDiagnostic-Code: smtp;550 <b@y.test>: User unknown",
                "soft 5.0.0"
            ),
            (
                unknown,
                "Status: 5.2.1 (Remote SMTP server has rejected address)\nDiagnostic-Code: smtp;550 5.2.1 <b@y.test>: User unknown",
                "soft 5.2.1"
            ),
            (
                unknown,
                "Status: 5.0.0 (Remote SMTP server has rejected address)\nDiagnostic-Code: smtp;550 5.7.1 550 User unknown",
                "soft 5.7.1"
            ),
            // No mailbox, but no domain: no filter answers so.
            (unknown, "Status: 5.4.4\nDiagnostic-Code: x-y; Host or domain name not found", "hard 5.4.4"),
        ])
    func witnesses(text: String, fields: String, expected: String) {
        let report = samples.report("Final-Recipient: rfc822; b@y.test\nAction: failed\n" + fields)
        #expect(read(report.replacing("I'm sorry", with: text + " I'm sorry")) == expected)
    }

    @Test("Amazon SES receiving: what a recipient's rule has chosen after the message was taken suppresses no address")
    func chosen() {
        let report = samples.report(
            "Final-Recipient: rfc822; b@y.test\nAction: failed\nStatus: 5.1.1\nDiagnostic-Code: smtp; 550 5.1.1 Mailbox does not exist"
        )
        #expect(read(report) == "hard 5.1.1")
        for reporter in ["dns; inbound-smtp.us-west-2.amazonaws.com", "dns;INBOUND-SMTP.eu-west-1.AMAZONAWS.com"] {
            let chosen = report.replacing(/Reporting-MTA: [^\n]*/, with: "Reporting-MTA: \(reporter)")
            #expect(chosen != report)
            #expect(read(chosen) == "soft 5.1.1")
        }
    }

    /// A mail that encloses a report, with the token at its own top only.
    private func enclosing(from: String, text: String, _ report: String) -> String {
        """
        From: \(from)
        To: bounce+TOKEN@bounces.example.com
        Subject: Returned mail: User unknown
        Content-Type: multipart/mixed; boundary=outer

        --outer
        Content-Type: text/plain

        \(text)

        --outer
        Content-Type: message/rfc822

        \(report.replacing(samples.to, with: "x@y.test"))
        --outer--

        """
    }

    @Test("a report inside a gateway's own is read where the gateway gives no reason; one that a person passes on is not")
    func enclosed() {
        let gateway = "Mail Delivery Subsystem <MAILER-DAEMON@gw.example.net>"
        let text = "----- The following addresses had permanent delivery errors -----"
        let inner = samples.report(
            "Final-Recipient: rfc822; b@y.test\nAction: failed\nStatus: 5.1.1\nDiagnostic-Code: smtp; 550 5.1.1 User unknown")
        #expect(read(enclosing(from: gateway, text: text, inner)) == "hard 5.1.1")
        #expect(read(enclosing(from: gateway, text: text, inner.replacing("5.1.1", with: "5.2.2"))) == "soft 5.2.2")
        #expect(read(enclosing(from: gateway, text: text + "\n552 5.2.2 mailbox full", inner)) == "soft 5.2.2")
        #expect(read(enclosing(from: "Ann <ann@y.test>", text: text, inner)) == "soft 5.0.0")
        let mail = inner.replacing("From: MAILER-DAEMON@mx.y.test (Mail Delivery System)", with: "From: ann@y.test")
        #expect(mail != inner && read(enclosing(from: gateway, text: text, mail)) == "soft 5.0.0")
        #expect(read(enclosing(from: gateway, text: text, inner).replacing("TOKEN", with: "x")) == "lost")
    }

    @Test("words in other alphabets are read as the part says, a name from outside reaches iconv only if it is known")
    func charsets() throws {
        let octets = Array(
            "From: Postmaster@notes.example.net\nReturn-Path: <>\nTo: bounce+\(samples.token)@bounces.example.com\nSubject: x\n"
                .utf8)
        let japanese = [0x1B, 0x24, 0x42] + Array("%G%#%l%/%H%j$N%j%9%H$K$\"$j$^$;$s".utf8) + [0x1B, 0x28, 0x42] as [UInt8]
        func read(_ charset: String) -> String {
            let mail = octets + Array("Content-Type: text/plain; charset=\(charset)\n\n".utf8) + japanese + [0x0A]
            switch reader.read(mail) {
            case .events(let events), .unclear(let events):
                guard case .bounce(let bounce) = events.first else { return "-" }
                return bounce.kind.rawValue
            default: return "lost"
            }
        }
        #expect(read("ISO-2022-JP") == "hard" && read("\"iso-2022-jp\"") == "hard")
        for other in ["us-ascii", "../../x", "ISO-2022-CN-EXT", "x"] { #expect(read(other) == "soft", "\(other)") }
        #expect(
            MIMEDecoding.encodedWords("=?gb2312?B?zcvQxQ==?=") == "退信"
                && MIMEDecoding.encodedWords("=?x?B?eA==?=") == "=?x?B?eA==?=")
        #expect(MIMECharset.text([0xCF, 0xEE], in: "windows-1251") == "По")
    }

    @Test("words for people that name a full or closed mailbox speak against a report that calls it unknown")
    func contradiction() {
        let report = samples.report(
            "Final-Recipient: rfc822; b@y.test\nAction: failed\nStatus: 5.1.1\nDiagnostic-Code: smtp; 550 5.1.1 user unknown")
        #expect(read(report) == "hard 5.1.1")
        #expect(read(report.replacing("I'm sorry", with: "Not enough disk space. I'm sorry")) == "soft 5.1.1")
    }

    @Test("Microsoft's complaints are the message itself, with a field about its recipient")
    func microsoft() {
        func complaint(_ from: String, _ field: String, token: String) -> ReportReader.Reading {
            let text = """
                From: \(from)
                To: fbl@bounces.example.com
                Subject: complaint about message from 192.0.2.1
                MIME-Version: 1.0
                Content-Type: multipart/mixed; boundary=b

                --b
                Content-Type: message/rfc822

                \(field)X-Martlet-Token: \(token)
                From: hello@example.com
                Subject: Hello

                Hello

                --b--
                """
            return reader.read(Array(text.utf8))
        }
        let field = "X-HmXmrOriginalRecipient: b@y.test\n"
        let expected = Complaint(
            provider: "mail", messageID: MessageID(42), attempt: 3, kind: "abuse", address: "b@y.test",
            reporter: "Outlook.com JMRP")
        #expect(complaint("staff@hotmail.com", field, token: samples.token) == .events([.complaint(expected)]))
        #expect(complaint("somebody@x.test", field, token: samples.token) == .events([.complaint(expected)]))
        #expect(complaint("staff@hotmail.com", field, token: "x") == .foreign)
        #expect(
            complaint("somebody@x.test", "", token: samples.token) != .events([.complaint(expected)]),
            "somebody forwards our mail")
    }

    @Test(
        "only what recipients do suppresses",
        arguments: ["not-spam", "auth-failure", "dmarc", "abuse", "fraud", "virus", "other", "new-type", "opt-out"])
    func feedback(kind: String) throws {
        guard case .events(let events) = reader.read(Array(samples.complaint("Feedback-Type: \(kind)\n", to: samples.to).utf8)),
            case .complaint(let complaint) = events.first
        else { throw Missing() }
        #expect(complaint.suppressesAddress == !["not-spam", "auth-failure", "dmarc"].contains(kind))
        #expect(
            complaint.receipt
                == ["not-spam": "not_spam", "auth-failure": "feedback", "dmarc": "feedback"][kind, default: "complained"])
    }
}
