import Callbacks
import Domain
import Foundation
import Testing

@testable import Transports

@Suite("sandbox")
final class SandboxTransportTests {
    let directory: URL

    deinit {
        // A directory that stays behind in /tmp harms no test.
        do { try FileManager.default.removeItem(at: directory) } catch {}
    }

    init() throws {
        directory = FileManager.default.temporaryDirectory.appending(path: "sandbox-\(UUID().uuidString)")
        try FileManager.default.createDirectory(at: directory, withIntermediateDirectories: true)
    }

    var outbox: String { directory.appending(path: "outbox.jsonl").path }

    func sandbox(rules: String? = nil, script: String? = nil, outbox: String? = nil, window: Int = 1000) throws -> any Transport {
        var options = ["outbox": outbox ?? self.outbox]
        options["rules"] = rules
        options["script"] = script
        return try TransportFactory.make(
            ProviderPolicy(name: "carrier", transport: "sandbox", channels: [.sms, .email], window: window, options: options))
    }

    func lines() throws -> [[String: any Sendable]] {
        try String(contentsOfFile: outbox, encoding: .utf8).split(separator: "\n").map {
            try #require(try JSONSerialization.jsonObject(with: Data($0.utf8)) as? [String: any Sendable])
        }
    }

    @Test("a batch without latency is in the outbox, line by line, and answered by one call before submit returns")
    func batch() throws {
        let transport = try sandbox()
        let collector = Collector()
        transport.submit((1...100).map { submission($0, attempt: 2) }) { collector.take($0) }
        #expect(collector.callCount == 1)
        #expect(collector.results.map(\.messageID.rawValue) == Array(1...100))
        #expect(collector.results[6].outcome == .accepted(reference: "sandbox-7-2"))
        let lines = try lines()
        #expect(lines.map { $0["message_id"] as? String } == (1...100).map { String($0) })
        #expect(lines[6]["reference"] as? String == "sandbox-7-2")
        #expect(lines[6]["attempt"] as? Int == 2)
    }

    @Test("the folder of the outbox is made where there is none; one below a folder that is not there is an error")
    func folder() throws {
        let path = directory.appending(path: "made/outbox.jsonl").path
        let transport = try sandbox(outbox: path)
        transport.submit([submission(1)]) { _ in }
        #expect(try String(contentsOfFile: path, encoding: .utf8).contains("sandbox-1-1"))
        #expect(throws: ProviderError.self) { try sandbox(outbox: directory.appending(path: "not/there/outbox.jsonl").path) }
    }

    @Test(
        "every text comes back from the outbox as it was",
        arguments: [
            "plain", "quote \" backslash \\ slash /", "line\r\nbreak\ttab", "\u{0}\u{1}\u{1F}\u{7F}", "【好】😀\u{2028}", "",
        ])
    func escaping(text: String) throws {
        let transport = try sandbox()
        transport.submit([submission(9_007_199_254_740_993, to: text + "@x", text: text, from: text)]) { _ in }
        let line = try #require(try lines().first)
        #expect(line["text"] as? String == text)
        #expect(line["from"] as? String == text)
        #expect(line["to"] as? String == text + "@x")
        #expect(line["message_id"] as? String == "9007199254740993")
        #expect(line["encoding"] as? String == "gsm-7")
        #expect(line["segments"] as? Int == 1)
        #expect(line["answer"] as? String == "accepted")
        #expect(line["provider"] as? String == "carrier")
    }

    @Test("the time in a line is the wall clock, UTC with milliseconds")
    func time() throws {
        let before = Date()
        try sandbox().submit([submission()]) { _ in }
        let text = try #require(try lines()[0]["at"] as? String)
        let style = Date.ISO8601FormatStyle(includingFractionalSeconds: true)
        let at = try style.parse(text)
        #expect(text.count == 24 && text.hasSuffix("Z"))
        #expect(at >= before - 0.002 && at <= Date())
    }

    @Test("an e-mail is kept with subject, text before HTML, and the size of attachments")
    func email() throws {
        let mail = EmailContent(
            subject: "Grüße", text: "text", html: "<p>html</p>",
            attachments: [.init(name: "a.pdf", mediaType: "application/pdf", bytes: [1, 2, 3])])
        let rendered = RenderedMessage(content: .email(mail), from: "shop@example.com", templateVersion: 1)
        try sandbox().submit([submission(to: "a@b.test", rendered: rendered)]) { _ in }
        let line = try lines()[0]
        let parts = try #require(line["parts"] as? [[String: any Sendable]])
        #expect(line["subject"] as? String == "Grüße")
        #expect(parts.map { $0["type"] as? String } == ["text/plain", "text/html", "application/pdf"])
        #expect(parts[1]["text"] as? String == "<p>html</p>")
        #expect(parts[2]["size"] as? Int == 3)
    }

    @Test("the address asks for the answer; the first rule that matches decides")
    func rules() async throws {
        let transport = try sandbox(
            rules: """
                +8613900000* reject recipient_unknown; *@bounce.test reject smtp_550_5.1.1 suppress
                # a comment
                *99 lose; +1555* throttle 2s; +44* defer busy 3s; +33* down; +8613900000000 accept
                """)
        let to = ["+8613900000000", "x@bounce.test", "+1555", "+441", "+331", "+491"]
        let results = await transport.answers(to.enumerated().map { submission(Int64($0), to: $1) })
        #expect(results.map(\.outcome.name) == ["rejected", "rejected", "deferred", "deferred", "deferred", "accepted"])
        let failures = results.compactMap(\.outcome.failure)
        #expect(failures.map(\.code) == ["recipient_unknown", "smtp_550_5.1.1", "throttled", "busy", "connect_refused"])
        #expect(failures.map(\.suppressesAddress) == [false, true, false, false, false])
        #expect(failures.map(\.countsAttempt) == [true, true, false, true, false])
        #expect(failures.map(\.throttled) == [false, false, true, false, false])
        #expect(failures.map(\.retryAfter) == [nil, nil, .seconds(2), .seconds(3), .seconds(1)])
        let answers = try lines().map { $0["answer"] as? String }
        #expect(answers == ["rejected", "rejected", "throttled", "deferred", "accepted"], "down writes no line")
    }

    @Test("a lost answer is written down at once and unknown when the answer is due, never before")
    func lost() async throws {
        let start = ContinuousClock.now
        let results = try await sandbox(rules: "* lose").answers([submission(answerWithin: .milliseconds(150))])
        #expect(results[0].outcome.name == "unknown")
        #expect(ContinuousClock.now - start >= .milliseconds(150))
        #expect(try lines()[0]["answer"] as? String == "lost")
    }

    @Test("latency delays the answer, not the hand-over; beyond answerBy it is unknown")
    func latency() async throws {
        let transport = try sandbox(rules: "a* latency 80ms; b* latency 60ms..90ms; c* latency 60s; d* slow")
        let start = ContinuousClock.now
        let results = await transport.answers([
            submission(1, to: "a"), submission(2, to: "b"), submission(3, to: "c", answerWithin: .milliseconds(200)),
            submission(4, to: "d", answerWithin: .milliseconds(200)),
        ])
        #expect(results.map(\.outcome.name) == ["accepted", "accepted", "unknown", "accepted"])
        #expect(results[0].latency == .milliseconds(80))
        #expect(results[1].latency >= .milliseconds(60) && results[1].latency <= .milliseconds(90))
        #expect(ContinuousClock.now - start < .seconds(40))
        #expect(try lines().count == 4)
    }

    @Test("chances are kept: 30 % of 20,000 within four standard deviations")
    func chances() throws {
        let collector = Collector()
        try sandbox(rules: "* accept 30% else defer busy", outbox: "none").submit((1...20_000).map { submission($0) }) {
            collector.take($0)
        }
        let accepted = collector.results.count { $0.outcome.name == "accepted" }
        #expect((5_740...6_260).contains(accepted))
    }

    @Test("past sendBy nothing is written and no attempt is counted")
    func deadline() throws {
        let collector = Collector()
        try sandbox().submit([submission(sendWithin: .zero)]) { collector.take($0) }
        #expect(collector.results[0].outcome == .deferred(.deadlinePassed))
        #expect(collector.results[0].outcome.failure?.countsAttempt == false)
        #expect(try lines().isEmpty)
    }

    @Test("more than the window unanswered at once is refused, unwritten")
    func window() throws {
        let collector = Collector()
        try sandbox(rules: "* latency 10s", window: 2).submit((1...3).map { submission($0) }) { collector.take($0) }
        #expect(collector.results.map(\.messageID.rawValue) == [3])
        #expect(collector.results[0].outcome.failure?.code == "window_full")
        #expect(try lines().count == 2)
    }

    @Test("drain waits for what is written and defers what is not")
    func drain() async throws {
        let transport = try sandbox(rules: "* latency 100ms")
        let collector = Collector()
        transport.submit([submission(1)]) { collector.take($0) }
        await transport.drain()
        #expect(collector.results.map(\.outcome.name) == ["accepted"])
        transport.submit([submission(2)]) { collector.take($0) }
        #expect(collector.results.last?.outcome == .deferred(.stopping))
        #expect(try lines().count == 1)
    }

    @Test("run ends when cancelled, after the last answer")
    func run() async throws {
        let transport = try sandbox(rules: "* latency 100ms")
        let collector = Collector()
        transport.submit([submission(1)]) { collector.take($0) }
        let running = Task { try await transport.run() }
        running.cancel()
        try await running.value
        #expect(collector.results.count == 1)
    }

    @Test("a script is read again when it changes, and a broken one leaves the rules as they were")
    func script() async throws {
        let path = directory.appending(path: "script").path
        try "* down\n".write(toFile: path, atomically: true, encoding: .utf8)
        let transport = try sandbox(script: path)
        func answer() async -> String { await transport.answers([submission()])[0].outcome.name }
        func becomes(_ name: String) async throws {
            let limit = ContinuousClock.now + .seconds(5)
            while await answer() != name, .now < limit { try await Task.sleep(for: .milliseconds(5)) }
            #expect(await answer() == name)
        }
        #expect(await answer() == "deferred")
        try "* reject\n".write(toFile: path, atomically: true, encoding: .utf8)
        try await becomes("rejected")
        try "".write(toFile: path, atomically: true, encoding: .utf8)
        try await becomes("accepted")
    }

    @Test("a broken script leaves the rules as they were, is complained of once, and is taken when it is mended")
    func brokenScript() throws {
        let path = directory.appending(path: "script").path
        try "* reject\n".write(toFile: path, atomically: true, encoding: .utf8)
        let logs = Logs()
        var script = try SandboxScript(
            SandboxOptions(
                ProviderPolicy(
                    name: "carrier", transport: "sandbox", channels: [.sms], options: ["outbox": outbox, "script": path])))
        var now = ContinuousClock.now
        func looks(_ text: String) throws -> Int {
            try text.write(toFile: path, atomically: true, encoding: .utf8)
            now += .seconds(1)
            script.refresh(now: now, logger: logs.logger)
            return script.rules.rules.count
        }
        #expect(try looks("* explode\n") == 1)
        #expect(logs.text.contains("sandbox rules not read; the old ones stay") && logs.text.contains("explode"), "\(logs.text)")
        #expect(try looks("* explode twice\n") == 1)
        #expect(logs.text.components(separatedBy: "sandbox rules not read").count == 2, "once")
        #expect(try looks("* reject\n+49* accept\n") == 2)
    }

    @Test("a full disk is a deferral that says so, and burns nothing")
    func diskFull() throws {
        let collector = Collector()
        try sandbox(outbox: "/dev/full").submit([submission()]) { collector.take($0) }
        let failure = try #require(collector.results[0].outcome.failure)
        #expect(failure.code == "outbox_write_failed" && failure.detail.contains("No space") && !failure.countsAttempt)
    }
}
