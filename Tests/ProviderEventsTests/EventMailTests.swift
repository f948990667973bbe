import Domain
import Foundation
import Logging
import PipelineSupport
import ProviderEvents
import StageSupport
import Store
import TestSupport
import Testing

@testable import Callbacks
@testable import Pipeline
@testable import Transports

@Suite("What mail servers say later becomes receipts and suppressions", .timeLimit(.minutes(5)))
struct EventMailTests {
    static let secret = "0123456789abcdef"

    /// A report as postfix writes it, about one recipient.
    static func report(_ token: String, action: String, status: String) -> String {
        """
        Return-Path: <>
        From: MAILER-DAEMON@mx.test
        To: bounce+\(token)@bounces.test
        Subject: Delivery report
        MIME-Version: 1.0
        Content-Type: multipart/report; report-type=delivery-status; boundary="b"

        --b
        Content-Type: text/plain

        Your message.

        --b
        Content-Type: message/delivery-status

        Reporting-MTA: dns; mx.test

        Final-Recipient: rfc822; somebody.else@victim.test
        Action: \(action)
        Status: \(status)
        Diagnostic-Code: smtp; 550 \(status) words of the server

        --b--

        """
    }

    static func complaint(_ token: String, kind: String) -> String {
        """
        From: <abuse@y.test>
        To: bounce+\(token)@bounces.test
        Subject: FW: Sale
        MIME-Version: 1.0
        Content-Type: multipart/report; report-type=feedback-report; boundary="b"

        --b
        Content-Type: text/plain

        An abuse report.

        --b
        Content-Type: message/feedback-report

        Feedback-Type: \(kind)
        User-Agent: Loop/1
        Version: 1

        --b
        Content-Type: text/rfc822-headers

        Return-Path: <bounce+\(token)@bounces.test>
        Subject: Sale

        --b--

        """
    }

    @Test("bounces and complaints in a maildir: receipts, states, and the message's own address suppressed")
    func endToEnd() async throws {
        try await EventBench.with { bench in
            let names = ["hard", "soft", "delayed", "delivered", "abuse", "not-spam"]
            let messages = try await bench.accepted(names.map { "\($0)@example.com" }, channel: "email")
            let maildir = "\(bench.shop.directory)/bounces"
            for folder in ["new", "cur", "tmp"] {
                try FileManager.default.createDirectory(atPath: "\(maildir)/\(folder)", withIntermediateDirectories: true)
            }
            let secretFile = "\(bench.shop.directory)/secret"
            try Data(Self.secret.utf8).write(to: URL(filePath: secretFile))
            let secret = try TokenSecret(lines: Self.secret)
            let tokens = messages.map { ReturnToken($0, attempt: 1).text(secret) }
            let mails = [
                Self.report(tokens[0], action: "failed", status: "5.1.1"),
                Self.report(tokens[1], action: "failed", status: "5.2.2"),
                Self.report(tokens[2], action: "delayed", status: "4.4.1"),
                Self.report(tokens[3], action: "delivered", status: "2.0.0"), Self.complaint(tokens[4], kind: "abuse"),
                Self.complaint(tokens[5], kind: "not-spam"),
            ]
            for (index, mail) in (mails + mails).enumerated() {
                try Data(mail.utf8).write(to: URL(filePath: "\(maildir)/new/\(index)"))
            }
            let policy = ProviderPolicy(
                name: "hub", transport: "smtp", channels: [.email],
                options: [
                    "host": "127.0.0.1", "port": "1", "tls": "off", "verp": "bounce+{token}@bounces.test",
                    "verp_secret_file": secretFile, "bounce_maildir": maildir, "bounce_poll": "50ms",
                ])
            let transport = try TransportFactory.make(policy, logger: bench.recorder.logger, events: bench.recorder)
            let running = Task { try await transport.run() }
            try await eventually(within: .seconds(20), "all reports are put away") {
                try FileManager.default.contentsOfDirectory(atPath: "\(maildir)/cur").count == 12
            }
            await transport.drain()
            try await running.value
            var states: [String] = []
            var kinds: [[String]] = []
            for message in messages {
                states.append(try await bench.state(message))
                kinds.append(try await bench.kinds(message))
            }
            #expect(
                states == [
                    "undelivered bounce_5.1.1", "undelivered bounce_5.2.2", "accepted", "delivered", "accepted", "accepted",
                ])
            #expect(
                kinds == [["bounced", "undelivered"], ["undelivered"], ["delayed"], ["delivered"], ["complained"], ["not_spam"]])
            let suppressed = try await bench.shop.texts(
                "select channel || ' ' || address || ' ' || scope || ' ' || reason from martlet_data.suppressions order by address"
            )
            #expect(
                suppressed == ["email abuse@example.com all_except_otp complaint", "email hard@example.com all hard_bounce"])
            // From now on neither gets what its scope forbids.
            let next = try await bench.accepted(["hard@example.com", "abuse@example.com"], channel: "email")
            #expect(try await bench.state(next[0]) == "suppressed all")
            #expect(try await bench.state(next[1]) == "suppressed all_except_otp")
            #expect(try await bench.parked() == [])
        }
    }

    @Test("a report about a message that retention has dropped is kept for a while, and waits for nothing")
    func dropped() async throws {
        try await EventBench.with { bench in
            try await bench.recorder.record([
                .bounce(BounceReport(provider: "hub", messageID: MessageID(42), attempt: 1, kind: .hard, status: "5.1.1"))
            ])
            #expect(try await bench.parked() == ["no_message"])
            #expect(try await bench.shop.number("select count(*) from martlet_data.receipts") == 0)
        }
    }
}

@Suite("Texts from phones", .timeLimit(.minutes(5)))
struct EventInboundTests {
    static func part(_ number: Int, of total: Int, _ text: String?, reference: Int = 7, from: String = "8613800138000")
        -> ProviderEvent
    {
        .text(
            InboundText(
                provider: "carrier", from: from, to: "10690", text: text, dataCoding: 8, octets: Array((text ?? "").utf8),
                part: total == 1 ? nil : .init(reference: reference, total: total, number: number)))
    }

    @Test("parts in whatever order become one text, repeated parts are passed over, a reference is used again")
    func parts() async throws {
        try await EventBench.with { bench in
            let texts =
                "select coalesce(body, '-') || ' ' || parts_here || '/' || parts || ' ' || is_complete from martlet.inbound_texts order by sender desc, id"
            try await bench.recorder.record([
                Self.part(2, of: 3, "b"), Self.part(1, of: 1, "STOP"), Self.part(1, of: 3, "x", from: "4911"),
                Self.part(2, of: 3, "b"),
            ])
            #expect(try await bench.shop.texts(texts) == ["b 1/3 false", "STOP 1/1 true", "x 1/3 false"])
            async let first: Void = bench.recorder.record([Self.part(3, of: 3, "c")])
            async let second: Void = bench.recorder.record([Self.part(1, of: 3, "a\0")])
            _ = try await (first, second)
            try await bench.recorder.record([Self.part(1, of: 3, "again"), Self.part(3, of: 3, nil)])
            #expect(
                try await bench.shop.texts(texts) == ["abc 3/3 true", "STOP 1/1 true", "- 2/3 false", "x 1/3 false"])
            try await bench.shop.script("set role martlet_reader")
            #expect(try await bench.shop.texts("select min(sender) from martlet.inbound_texts where body = 'STOP'") == ["86****"])
            try await bench.shop.script("reset role")
        }
    }
}
