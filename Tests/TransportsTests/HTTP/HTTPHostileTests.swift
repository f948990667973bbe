import Domain
import Foundation
import ProviderSupport
import Testing

@testable import Callbacks
@testable import Transports

@Suite("HTTP against hostile peers", .serialized, .timeLimit(.minutes(3)))
struct HTTPHostileTests {
    private static func one(_ path: String, options: [String: String] = [:], answerWithin: Duration = .seconds(30)) async throws
        -> (outcome: Outcome, took: Duration)
    {
        let server = try await HTTPTests.hostile()
        let transport = try HTTPTests.provider(server.port, path, options)
        let start = ContinuousClock.now
        let result = await transport.answers([submission(sendWithin: min(.seconds(20), answerWithin), answerWithin: answerWithin)]
        )[0]
        let took = ContinuousClock.now - start
        await transport.drain()
        return (result.outcome, took)
    }

    @Test(
        "no complete status means doubt, and never later than the deadline",
        arguments: [
            ("/silence", "no_answer"), ("/drip-header", "no_answer"), ("/half-status", "connection_lost"),
            ("/close", "connection_lost"), ("/garbage", "connection_lost"), ("/binary", "connection_lost"),
            ("/endless-header", "connection_lost"), ("/many-headers", "connection_lost"),
        ])
    func noStatus(path: String, code: String) async throws {
        // The peer would take a minute or more; how punctual the answer is depends on how busy the machine is.
        let limit = Duration.seconds(code == "no_answer" ? 8 : 30)
        let (outcome, took) = try await Self.one(path, answerWithin: limit)
        #expect(outcome.summary == "unknown \(code) provider counted", "\(outcome)")
        #expect(took < limit + .seconds(10))
    }

    @Test(
        "the status decides where the body is endless, slow or broken off",
        arguments: [
            ("/endless-body", "accepted -"), ("/drip-body", "accepted -"), ("/half-body", "accepted -"),
            ("/endless-error", "rejected http_400 martlet counted"), ("/half-error", "rejected http_400 martlet counted"),
        ])
    func badBody(path: String, expected: String) async throws {
        let limit = Duration.seconds(path == "/drip-body" ? 8 : 30)
        let (outcome, took) = try await Self.one(path, answerWithin: limit)
        #expect(outcome.summary == expected, "\(outcome)")
        #expect(took < limit + .seconds(10))
    }

    @Test(
        "where the body has to say that it was taken, an unreadable body means doubt",
        arguments: ["/endless-body", "/half-body", "/status/200"])
    func unreadable(path: String) async throws {
        let (outcome, _) = try await Self.one(path, options: ["accepted": "200\nstatus = 0"])
        #expect(outcome.summary == "unknown http_200 provider counted", "\(outcome)")
    }

    @Test("an endless body costs no memory to speak of")
    func memory() async throws {
        let server = try await HTTPTests.hostile()
        let transport = try HTTPTests.provider(server.port, "/endless-body", window: 40)
        let before = try Self.resident()
        let results = await transport.answers((1...40).map { submission($0, sendWithin: .seconds(30)) })
        #expect(results.allSatisfy { $0.outcome.name == "accepted" })
        await transport.drain()
        // 40 × 64 KiB may be held at once; the peer would have sent gigabytes.
        #expect(try Self.resident() - before < 200 << 20)
    }

    private static func resident() throws -> Int {
        let fields = try String(contentsOfFile: "/proc/self/statm", encoding: .utf8).split(separator: " ")
        return try #require(Int(fields[1])) * 4096
    }

    @Test(
        "H4, doubt: each status has its meaning",
        arguments: [
            (200, "accepted -"), (204, "accepted -"), (400, "rejected http_400 martlet counted"),
            (401, "deferred http_401 provider kept"), (403, "deferred http_403 provider kept"),
            (404, "rejected http_404 martlet counted"), (408, "deferred http_408 provider counted"),
            (409, "rejected http_409 martlet counted"), (413, "rejected http_413 content counted"),
            (422, "rejected http_422 martlet counted"), (425, "deferred http_425 provider counted"),
            (429, "deferred http_429 provider kept throttled"), (500, "unknown http_500 provider counted"),
            (501, "deferred http_501 provider kept"), (502, "unknown http_502 provider counted"),
            (503, "deferred http_503 provider counted"), (504, "unknown http_504 provider counted"),
            (520, "unknown http_520 provider counted"),
        ])
    func statuses(status: Int, expected: String) async throws {
        #expect(try await Self.one("/status/\(status)").outcome.summary == expected)
    }

    @Test("Retry-After in seconds and as a date of the peer's own clock", arguments: [429, 503, 408])
    func retryAfter(status: Int) async throws {
        let seconds = try await Self.one("/retry-seconds/\(status)").outcome.failure?.retryAfter
        #expect(seconds == .seconds(17))
        let date = try #require(try await Self.one("/retry-date/\(status)").outcome.failure?.retryAfter)
        #expect((Duration.seconds(88)...Duration.seconds(91)).contains(date))
    }

    @Test("Retry-After is capped by the message's time to live")
    func capped() async throws {
        let server = try await HTTPTests.hostile()
        let transport = try HTTPTests.provider(server.port, "/retry-seconds/429")
        var one = submission(sendWithin: .seconds(30))
        one.validity = .seconds(5)
        #expect(await transport.answers([one])[0].outcome.failure?.retryAfter == .seconds(5))
        await transport.drain()
    }

    @Test(
        "a redirect is not followed; it is the configuration's mistake, and says where it leads without secrets",
        arguments: [301, 302, 307, 308])
    func redirect(status: Int) async throws {
        let outcome = try await Self.one("/redirect/\(status)").outcome
        #expect(outcome.summary == "deferred http_\(status) provider kept")
        let detail = try #require(outcome.failure?.detail)
        #expect(detail.contains("http://169.254.169.254/latest/meta-data/"), "\(detail)")
        #expect(!detail.contains("s3cret") && !detail.contains("pw@"))
    }

    @Test("303 follows a POST that was carried out: doubt")
    func seeOther() async throws {
        #expect(try await Self.one("/redirect/303").outcome.summary == "unknown http_303 provider counted")
    }

    @Test("no server: no attempt is counted, one tries, the others learn when to come back")
    func refused() async throws {
        let transport = try HTTPTests.provider(try Programs.freePort(), "/ok")
        let first = await transport.answers([submission(sendWithin: .seconds(30))])[0].outcome
        #expect(first.summary == "deferred connect_refused provider kept")
        #expect(try #require(first.failure?.retryAfter) <= .seconds(1))
        let others = await transport.answers((1...20).map { submission($0, sendWithin: .seconds(30)) })
        #expect(others.allSatisfy { $0.outcome.failure?.countsAttempt == false && $0.outcome.failure?.retryAfter != nil })
        await transport.drain()
    }

    @Test("a provider that was down is tried by one message, and taken again when that succeeds")
    func recovers() async throws {
        let server = try await HTTPTests.hostile()
        let port = server.port
        let transport = try HTTPTests.provider(port, "/ok", window: 200)
        server.stop()
        #expect(await transport.answers([submission(sendWithin: .seconds(30))])[0].outcome.name == "deferred")
        let again = try await TestServer(Programs.python, port: port) { port, _ in
            [HTTPTests.folder.path + "/hostile.py", String(port)]
        }
        let limit = ContinuousClock.now + .seconds(30)
        var results: [SubmissionResult] = []
        // At first everybody is told to wait; then one tries; then all pass.
        repeat {
            results = await transport.answers((1...100).map { submission($0, sendWithin: .seconds(30)) })
            #expect(results.allSatisfy { ["accepted", "deferred"].contains($0.outcome.name) })
        } while results.contains { $0.outcome.name == "deferred" } && .now < limit
        #expect(results.allSatisfy { $0.outcome.name == "accepted" })
        await transport.drain()
        _ = again
    }

    @Test("a name or address of our own network is refused unless it is allowed, before anything is said")
    func privateTargets() async throws {
        let server = try await HTTPTests.hostile()
        for host in ["localhost", "127.1", "0x7f.0.0.1", "2130706433"] {
            let transport = try HTTPTests.provider(
                server.port, "/ok", ["url": "http://\(host):\(server.port)/ok", "allow_private": "false"])
            let outcome = await transport.answers([submission(sendWithin: .seconds(30))])[0].outcome
            #expect(outcome.summary == "deferred private_address provider kept", "\(host): \(outcome)")
            await transport.drain()
        }
        #expect(try server.log() == "", "no request left")
        for host in ["127.0.0.1", "10.1.2.3", "192.168.0.1", "169.254.169.254", "[::1]", "[fd00::1]", "[::ffff:10.0.0.1]"] {
            #expect(throws: ProviderError.self, "\(host)") {
                try HTTPTests.provider(1, "/ok", ["url": "http://\(host)/ok", "allow_private": "false"])
            }
        }
    }

    @Test("a peer that closes after each answer costs no message where it says so")
    func announcedClose() async throws {
        let server = try await HTTPTests.hostile()
        let transport = try HTTPTests.provider(server.port, "/announced-close", window: 1)
        for id in 1...20 {
            #expect(await transport.answers([submission(Int64(id), sendWithin: .seconds(30))])[0].outcome.name == "accepted")
        }
        await transport.drain()
    }

    @Test("a request on a connection that is dying means doubt only if something of it was written")
    func staleConnection() async throws {
        let server = try await HTTPTests.hostile()
        let transport = try HTTPTests.provider(server.port, "/close-after", window: 1)
        for id in 1...50 {
            let outcome = await transport.answers([submission(Int64(id), sendWithin: .seconds(30))])[0].outcome
            // Which of them depends on whether the close has arrived.
            #expect(outcome.name == "accepted" || outcome.summary == "unknown connection_lost provider counted", "\(outcome)")
        }
        let requests = try server.log().split(separator: "\n").count
        #expect(requests <= 50, "no request is written twice")
        await transport.drain()
    }

    @Test("1,000 submissions over a window of 50: one result each, none beyond the window unanswered")
    func many() async throws {
        let server = try await HTTPTests.hostile()
        let transport = try HTTPTests.provider(server.port, "/ok", window: 50)
        let collector = Collector()
        for batch in 0..<20 {
            let first = Int64(batch * 50)
            transport.submit((1...50).map { submission(first + $0, sendWithin: .seconds(30)) }) { collector.take($0) }
            _ = await collector.wait(for: (batch + 1) * 50)
        }
        #expect(Set(collector.results.map(\.messageID)).count == 1000)
        #expect(collector.results.allSatisfy { $0.outcome == .accepted(reference: "7") })
        let tooMany = await transport.answers((1...60).map { submission($0, sendWithin: .seconds(30)) })
        #expect(tooMany.count { $0.outcome.failure?.code == "window_full" } == 10)
        await transport.drain()
    }

    @Test("draining answers what has not been written at once, and awaits what has")
    func drain() async throws {
        let server = try await HTTPTests.hostile()
        let transport = try HTTPTests.provider(server.port, "/slow-ok/1")
        let collector = Collector()
        transport.submit((1...10).map { submission($0, sendWithin: .seconds(30)) }) { collector.take($0) }
        let limit = ContinuousClock.now + .seconds(10)
        while try server.log().split(separator: "\n").count < 10, .now < limit { try await Task.sleep(for: .milliseconds(10)) }
        await transport.drain()
        #expect(collector.results.count == 10 && collector.results.allSatisfy { $0.outcome.name == "accepted" })
        let late = await transport.answers([submission(sendWithin: .seconds(30))])[0].outcome
        #expect(late == .deferred(.stopping))
        await transport.drain()
    }

    @Test("what could not be written by the send deadline never is")
    func sendBy() async throws {
        let server = try await HTTPTests.hostile()
        let transport = try HTTPTests.provider(server.port, "/ok")
        let outcome = await transport.answers([submission(sendWithin: .zero)])[0].outcome
        #expect(outcome == .deferred(.deadlinePassed))
        await transport.drain()
        #expect(try server.log() == "")
    }

    @Test("run ends when it is cancelled, with everything answered")
    func run() async throws {
        let server = try await HTTPTests.hostile()
        let transport = try HTTPTests.provider(server.port, "/slow-ok/0.5")
        let running = Task { try await transport.run() }
        let collector = Collector()
        transport.submit([submission(sendWithin: .seconds(30))]) { collector.take($0) }
        let limit = ContinuousClock.now + .seconds(10)
        while try server.log().isEmpty, .now < limit { try await Task.sleep(for: .milliseconds(10)) }
        running.cancel()
        try await running.value
        #expect(collector.results.count == 1)
    }
}

@Suite("HTTP with TLS", .serialized, .timeLimit(.minutes(2)))
struct HTTPTLSTests {
    private func outcome(days: Int = 2, host: String = "127.0.0.2", _ options: [String: String]? = nil) async throws -> Outcome {
        let folder = FileManager.default.temporaryDirectory.appending(path: "tls-\(UUID().uuidString)")
        defer { Programs.discard { try FileManager.default.removeItem(at: folder) } }
        let certificates = try await Certificates(in: folder, days: days)
        let server = try await HTTPTests.hostile(certificates)
        var all = ["url": "https://\(host):\(server.port)/ok", "tls_ca_file": certificates.ca]
        if let options { all = ["url": all["url"] ?? ""].merging(options) { $1 } }
        let transport = try HTTPTests.provider(server.port, "/ok", scheme: "https", all)
        let outcome = await transport.answers([submission(sendWithin: .seconds(30))])[0].outcome
        await transport.drain()
        return outcome
    }

    @Test("a certificate is verified, and what is wrong with it is said; nothing is counted")
    func certificates() async throws {
        // The server has two addresses; the certificate is for the second.
        let right = try await outcome()
        #expect(right == .accepted(reference: "7"), "\(right)")
        let wrongName = try await outcome(host: "127.0.0.1")
        #expect(wrongName.summary == "deferred tls_failed provider kept", "\(wrongName)")
        let unknown = try await outcome([:])
        #expect(unknown.summary == "deferred tls_failed provider kept")
        #expect(unknown.failure?.detail.contains("cannot be trusted") == true, "\(unknown)")
        let expired = try await outcome(days: -1)
        #expect(expired.summary == "deferred tls_failed provider kept")
        #expect(expired.failure?.detail.contains("expired") == true, "\(expired)")
    }

    @Test("a server without TLS is told from one with a wrong certificate")
    func noTLS() async throws {
        let server = try await HTTPTests.hostile()
        let transport = try HTTPTests.provider(server.port, "/ok", scheme: "https")
        let outcome = await transport.answers([submission(sendWithin: .seconds(20))])[0].outcome
        #expect(outcome.name == "deferred" && outcome.failure?.countsAttempt == false, "\(outcome)")
        await transport.drain()
    }
}
