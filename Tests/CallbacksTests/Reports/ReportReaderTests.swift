import Domain
import Foundation
import ProviderSupport
import Testing

@testable import Callbacks

@Suite("reports about mail")
struct ReportReaderTests {
    let samples: ReportSamples
    let reader: ReportReader

    init() throws {
        samples = ReportSamples(secret: try TokenSecret(lines: "0123456789abcdef"))
        reader = ReportReader(provider: "mail", secret: samples.secret)
    }

    func read(_ text: String) -> ReportReader.Reading { reader.read(Array(text.utf8)) }

    func bounces(_ text: String) -> [BounceReport] {
        let events: [ProviderEvent]
        switch read(text) {
        case .events(let read), .unclear(let read): events = read
        case .autoReply, .foreign, .unreadable: return []
        }
        return events.compactMap { if case .bounce(let report) = $0 { report } else { nil } }
    }

    @Test(
        "a delivery report says what became of which message",
        arguments: [
            // postfix, Exchange, Gmail, exim, Yahoo.
            (
                "Final-Recipient: rfc822; b@y.test\nOriginal-Recipient: rfc822;b@y.test\nAction: failed\nStatus: 5.1.1\n"
                    + "Remote-MTA: dns; mx\nDiagnostic-Code: smtp; 550 5.1.1 <b@y.test>: Recipient\n    address rejected: User unknown",
                "hard 5.1.1 b@y.test recipient 550 5.1.1 <b@y.test>: Recipient address rejected: User unknown"
            ),
            (
                "Final-Recipient: rfc822;b@y.test\nAction: failed\nStatus: 5.1.10\nDiagnostic-Code: smtp;550 5.1.10 RESOLVER.ADR.RecipientNotFound; x",
                "hard 5.1.10 b@y.test recipient 550 5.1.10 RESOLVER.ADR.RecipientNotFound; x"
            ),
            (
                "Final-Recipient: rfc822; b@y.test\nAction: failed\nStatus: 5.1.1\nDiagnostic-Code: smtp; 550-5.1.1 The email account that you tried to reach does not exist.",
                "hard 5.1.1 b@y.test recipient 550-5.1.1 The email account that you tried to reach does not exist."
            ),
            (
                "Action: failed\nFinal-Recipient: rfc822;b@y.test\nStatus: 5.0.0\nDiagnostic-Code: smtp; 550 No such user here",
                "soft 5.0.0 b@y.test recipient 550 No such user here"
            ),
            (
                "Final-Recipient: rfc822; b@y.test\nAction: failed\nStatus: 5.2.2\nDiagnostic-Code: smtp; 552 5.2.2 mailbox full",
                "soft 5.2.2 b@y.test recipient 552 5.2.2 mailbox full"
            ),
            (
                "Final-Recipient: rfc822; b@y.test\nAction: failed\nStatus: 5.7.1 (blocked)\nDiagnostic-Code: smtp; 550 5.7.1 user unknown or blocked",
                "soft 5.7.1 b@y.test sender 550 5.7.1 user unknown or blocked"
            ),
            (
                "Final-Recipient: rfc822; b@y.test\nAction: failed\nStatus: 4.4.1",
                "soft 4.4.1 b@y.test recipient the report gives no reason"
            ),
            (
                "Final-Recipient: rfc822; b@y.test\nAction: delayed\nStatus: 4.4.1\nWill-Retry-Until: x\nDiagnostic-Code: X-Postfix; connection timed out",
                "delayed 4.4.1 b@y.test recipient connection timed out"
            ),
            (
                "FINAL-RECIPIENT:RFC822;b@y.test\naction:Failed (permanently)\nSTATUS:5.1.2",
                "hard 5.1.2 b@y.test recipient the report gives no reason"
            ),
            // Fields left out.
            (
                "Final-Recipient: rfc822; b@y.test\nDiagnostic-Code: smtp; 550 5.1.1 gone",
                "hard 5.1.1 b@y.test recipient 550 5.1.1 gone"
            ),
            ("Final-Recipient: rfc822; b@y.test\nStatus: 5.1.1", "hard 5.1.1 b@y.test recipient the report gives no reason"),
            ("Action: failed", "soft 5.0.0 - recipient the report gives no reason"),
            // A delay never suppresses, nor does a soft code in a hard report.
            (
                "Final-Recipient: rfc822; b@y.test\nAction: delayed\nStatus: 5.1.1",
                "delayed 5.1.1 b@y.test recipient the report gives no reason"
            ),
            (
                "Final-Recipient: rfc822; b@y.test\nAction: failed\nStatus: 5.1.1\nDiagnostic-Code: smtp; 450 4.1.1 try later",
                "soft 4.1.1 b@y.test recipient 450 4.1.1 try later"
            ),
            ("Final-Recipient: rfc822; b@y.test\nAction: delivered\nStatus: 2.0.0", "delivered 2.0.0 b@y.test - -"),
            ("Final-Recipient: rfc822; b@y.test\nAction: relayed\nStatus: 2.0.0", "passed_on 2.0.0 b@y.test - -"),
            (
                "Final-Recipient: utf-8; josé@y.test\nAction: failed\nStatus: 5.1.1\nDiagnostic-Code: smtp; 550 \u{1}\u{7F}x",
                "hard 5.1.1 josé@y.test recipient 550 x"
            ),
            (
                "Original-Recipient: rfc822;first@y.test\nFinal-Recipient: rfc822; second@z.test\nAction: failed\nStatus: 5.1.1",
                "hard 5.1.1 first@y.test recipient the report gives no reason"
            ),
        ])
    func deliveries(fields: String, expected: String) throws {
        for text in [samples.report(fields), samples.report(fields).replacing("\n", with: "\r\n")] {
            let reports = bounces(text)
            let report = try #require(reports.first)
            #expect(reports.count == 1)
            #expect(report.provider == "mail" && report.messageID == MessageID(42) && report.attempt == 3)
            let failure = report.failure
            #expect(
                "\(report.kind.rawValue) \(report.status) \(report.address ?? "-") \(failure?.blame.rawValue ?? "-") \(failure?.detail ?? "-")"
                    == expected)
            #expect(failure?.code == (failure == nil ? nil : "bounce_\(report.status)"))
            #expect((report.kind == .hard) == (failure?.suppressesAddress ?? false))
        }
    }

    @Test("several recipients are several reports, ten at most")
    func several() {
        let one = "Final-Recipient: rfc822; b@y.test\nAction: failed\nStatus: 5.1.1\n\n"
        let two = one + "Final-Recipient: rfc822; c@y.test\nAction: delayed\nStatus: 4.2.0"
        #expect(bounces(samples.report(two)).map(\.kind) == [.hard, .delayed])
        #expect(bounces(samples.report(String(repeating: one, count: 30))).count == 10)
    }

    static let hard = "Final-Recipient: rfc822; b@y.test\nAction: failed\nStatus: 5.1.1"

    @Test("the token may stand in any of the places where servers put it, in any case")
    func places() {
        let strange = "postmaster@example.com"
        let places = [
            samples.report(Self.hard, to: samples.to.uppercased()),
            "Delivered-To: \(samples.to)\n" + samples.report(Self.hard, to: strange),
            "X-Original-To: <\(samples.to)>\n" + samples.report(Self.hard, to: strange),
            samples.report(Self.hard, to: strange, perMessage: "Original-Envelope-Id: \(samples.token)\n"),
            samples.report(Self.hard, to: strange).replacing(
                "From: shop@example.com", with: "From: shop@example.com\nX-Martlet-Token: \(samples.token)"),
            samples.report(Self.hard, to: strange).replacing("text/rfc822-headers", with: "message/rfc822").replacing(
                "From: shop@example.com", with: "Return-Path: <\(samples.to)>\nFrom: shop@example.com"),
        ]
        for text in places { #expect(bounces(text).first?.messageID == MessageID(42), "\(text)") }
    }

    @Test("without a genuine token nothing is believed")
    func forged() throws {
        let other = ReportSamples(secret: try TokenSecret(lines: "another-secret-00"))
        let hard = Self.hard
        #expect(read(other.report(hard)) == .foreign)
        #expect(read(samples.report(hard, to: "bounce@bounces.example.com")) == .foreign, "a Message-ID can be guessed")
        for index in 0..<32 {
            var letters = Array(samples.token)
            letters[index] = letters[index] == "a" ? "b" : "a"
            #expect(
                read(samples.report(hard, to: "bounce+\(String(letters))@bounces.example.com")) == .foreign, "letter \(index)")
        }
        // Anybody can have a token quoted in the text of a message.
        let quoted = samples.report(hard, to: "x@y.test").replacing("I'm sorry", with: "I'm sorry \(samples.token)")
        #expect(read(quoted) == .foreign)
        let unsubscribe = UnsubscribeToken(MessageID(42), address: "b@y.test", secret: samples.secret).text
        #expect(
            read(samples.report(hard, to: "bounce+\(unsubscribe)@bounces.example.com")) == .foreign, "a token of another kind")
    }

    @Test("complaints are recognised by envelope, by return path, and by our own field")
    func complaints() throws {
        let byEnvelope = read(
            samples.complaint("Feedback-Type: abuse\nOriginal-Mail-From: <\(samples.to)>\nOriginal-Rcpt-To: <b@y.test>\n"))
        let expected = Complaint(
            provider: "mail", messageID: MessageID(42), attempt: 3, kind: "abuse", address: "b@y.test",
            reporter: "SomeGenerator/1.0")
        #expect(byEnvelope == .events([.complaint(expected)]) && expected.suppressesAddress)
        #expect(read(samples.complaint(original: "Return-Path: <\(samples.to)>\n")) == .events([.complaint(expected)]))
        #expect(read(samples.complaint(original: "X-Martlet-Token: \(samples.token)\n")) == .events([.complaint(expected)]))
        #expect(read(samples.complaint(to: samples.to)) == .events([.complaint(expected)]))
        #expect(read(samples.complaint()) == .foreign, "a token in the body proves nothing")
        guard case .events(let events) = read(samples.complaint("Feedback-Type: NOT-SPAM\n", to: samples.to)),
            case .complaint(let taken) = events.first
        else {
            Issue.record("not-spam is a complaint's end")
            return
        }
        #expect(taken.kind == "not-spam" && taken.address == nil && !taken.suppressesAddress)
    }

    @Test(
        "automatic replies to a genuine return path are kept as such, others put away",
        arguments: [
            "Auto-Submitted: auto-replied", "Auto-Submitted: auto-generated; x", "X-Autoreply: yes", "X-Autorespond: x",
            "Precedence: bulk",
            "Precedence: auto_reply", "X-Auto-Response-Suppress: All", "Subject: Out of Office: back on Monday",
            "Subject: Automatic reply: x",
        ])
    func autoReplies(header: String) {
        #expect(bounces(samples.automatic(header)).map(\.kind) == [.autoReply])
        #expect(read(samples.automatic(header, to: "bounce@bounces.example.com")) == .autoReply, "its owner is not known")
    }

    @Test("a read receipt is no bounce, and a person's answer no auto-reply")
    func others() {
        let receipt =
            "multipart/report; report-type=disposition-notification; boundary=x\n\n--x\nContent-Type: message/disposition-notification\n"
        #expect(bounces(samples.automatic("Subject: read", type: receipt)).map(\.kind) == [.autoReply])
        for header in ["Subject: Re: Hello", "Auto-Submitted: no"] {
            guard case .unclear(let events) = read(samples.automatic(header)), case .bounce(let report) = events.first else {
                Issue.record("a person wrote: recorded, and for a person to read")
                continue
            }
            #expect(report.kind == .unclear && report.messageID == MessageID(42) && report.failure == nil)
            #expect(read(samples.automatic(header, to: "bounce@bounces.example.com")) == .unreadable)
        }
        #expect(read("") == .unreadable && read("\n\n") == .unreadable && read("x") == .unreadable)
    }

    @Test("reports with defects are read as far as they go")
    func defects() {
        let hard = Self.hard
        let whole = samples.report(hard)
        let status = "Reporting-MTA: dns; x\n\n\(hard)\n"
        let encoded = whole.replacing(
            "Content-Type: message/delivery-status\n\nReporting-MTA: dns; mx.y.test\n\n\(hard)\n",
            with:
                "Content-Type: message/delivery-status\nContent-Transfer-Encoding: base64\n\n\(Data(status.utf8).base64EncodedString())\n"
        )
        let quoted = whole.replacing(
            "message/delivery-status\n", with: "message/delivery-status\nContent-Transfer-Encoding: quoted-printable\n"
        ).replacing("5.1.1", with: "5=2E1=\n.1")
        let defective = [
            encoded, quoted, whole.replacing("multipart/report; report-type=delivery-status", with: "multipart/mixed"),
            whole.replacing("--4F1C2.1795298400/mx.y.test--", with: ""), String(whole.prefix { $0 != "§" }.dropLast(180)),
            whole.replacing("boundary=\"", with: "charset=x; BOUNDARY=\""),
            whole.replacing("MIME-Version: 1.0\n", with: "no colon here\n"),
            whole.replacing("message/delivery-status", with: "Message/Global-Delivery-Status"),
        ]
        for text in defective { #expect(bounces(text).first?.kind == .hard, "\(text)") }
    }

    @Test("no report can hurt: mutated, truncated, nested, endless")
    func fuzz() {
        let seeds = [samples.report(Self.hard), samples.complaint(to: samples.to), samples.automatic("Auto-Submitted: x")].map {
            Array($0.utf8)
        }
        for round in 0..<1_500 {
            var bytes = seeds[round % 3]
            for _ in 0..<Int.random(in: 1...12) {
                let index = Int.random(in: 0..<bytes.count)
                switch Int.random(in: 0...3) {
                case 0: bytes[index] = .random(in: .min ... .max)
                case 1: bytes.removeSubrange(index..<min(bytes.count, index + Int.random(in: 1...40)))
                case 2: bytes.insert(contentsOf: Array("\r\n--; \":=".utf8).shuffled(), at: index)
                default: bytes += bytes[index...].prefix(200)
                }
                if bytes.isEmpty { bytes = [0] }
            }
            if case .events(let events) = reader.read(bytes) { #expect(events.count <= 10) }
        }
        let start = ContinuousClock.now
        let nested = String(repeating: "Content-Type: multipart/mixed; boundary=a\n\n--a\n", count: 2_000)
        let endless = ["--a\n", "A: b\n", " x\n", "\n", "a", ": ", samples.token + " "].map {
            String(repeating: $0, count: 100_000 / $0.utf8.count)
        }
        for text in [nested] + endless {
            _ = read(text)
            _ = read(samples.report(text))
            _ = read("Content-Type: multipart/report; boundary=a\n\n--a\nContent-Type: message/delivery-status\n\n" + text)
        }
        #expect(.now - start < .seconds(60))
    }
}
