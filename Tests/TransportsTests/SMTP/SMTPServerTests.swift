import Domain
import Foundation
import Logging
import ProviderSupport
import Testing

@testable import Transports

/// An SMTP provider on the loopback, for tests.
func smtp(port: Int, window: Int = 1000, _ options: [String: String] = [:]) throws -> any Transport {
    var all = ["host": "127.0.0.1", "port": String(port), "tls": "off", "hostname": "client.test"]
    all.merge(options) { $1 }
    var logger = Logger(label: "test")
    logger.logLevel = .critical
    return try TransportFactory.make(
        ProviderPolicy(name: "mail", transport: "smtp", channels: [.email], window: window, timeout: .seconds(60), options: all),
        logger: logger)
}

func simple(_ id: Int64 = 1, _ text: String = "hello\n.dot\n", answerWithin: Duration = .seconds(60)) -> Submission {
    mail(.init(subject: "Number \(id)", text: text), id: id, answerWithin: answerWithin)
}

@Suite("SMTP against postfix's sink", .serialized, .timeLimit(.minutes(3)))
struct SMTPSinkTests {
    /// Outcome, code, whether the attempt is counted.
    func answers(_ transport: any Transport, _ count: Int64 = 1, answerWithin: Duration = .seconds(60)) async -> [String] {
        await transport.answers((1...count).map { simple($0, answerWithin: answerWithin) }).map { result in
            let failure = result.outcome.failure
            return [result.outcome.name, failure?.code, failure.map { $0.countsAttempt ? "counted" : "kept" }].compactMap { $0 }
                .joined(separator: " ")
        }
    }

    @Test(
        "300 messages over two connections are accepted, with and without PIPELINING",
        arguments: [["-v"], ["-p"], ["-e"], ["-E"]])
    func many(flags: [String]) async throws {
        let server = try await TestServer(Programs.find("smtp-sink")) { port, _ in
            (getuid() == 0 ? ["-u", "nobody"] : []) + flags + ["127.0.0.1:\(port)", "100"]
        }
        let transport = try smtp(port: server.port, ["messages_per_connection": "40"])
        let answers = await answers(transport, 300)
        #expect(Set(answers) == ["accepted"])
        await transport.drain()
    }

    @Test("a connection takes as many messages as it may, then another is opened; nothing is lost between them")
    func perConnection() async throws {
        let server = try await TestServer.sink("-v")
        let transport = try smtp(port: server.port, ["messages_per_connection": "10", "connections": "1"])
        #expect(Set(await answers(transport, 95)) == ["accepted"])
        await transport.drain()
        func count(_ word: String) throws -> Int { try server.log().split(separator: "\n").count { $0.contains(word) } }
        // The last QUIT may still be on its way into the log.
        let limit = ContinuousClock.now + .seconds(10)
        while try count("QUIT") < 10, .now < limit { try await Task.sleep(for: .milliseconds(20)) }
        #expect(try count("QUIT") == 10 && count("RCPT TO") == 95)
    }

    @Test(
        "of connections that workers share it has none before it is told, then as many as it may, and closes those that it may not keep"
    )
    func shared() async throws {
        let server = try await TestServer.sink("-v")
        var policy = ProviderPolicy(
            name: "mail", transport: "smtp", channels: [.email], window: 1000, timeout: .seconds(60),
            options: [
                "host": "127.0.0.1", "port": String(server.port), "tls": "off", "hostname": "client.test", "connections": "4",
                "messages_per_connection": "1000",
            ])
        policy.maxConnections = 8
        var logger = Logger(label: "test")
        logger.logLevel = .critical
        let transport = try #require(try TransportFactory.make(policy, logger: logger) as? any PooledTransport)
        #expect(transport.mostConnections == 4)
        let early = await transport.answers([mail(.init(subject: "", text: ""), sendWithin: .milliseconds(300))])
        #expect(early.map(\.outcome.name) == ["deferred"])
        #expect(await transport.openConnections() == 0)
        #expect(try !server.log().contains("EHLO"))
        transport.limitConnections(1)
        #expect(Set(await answers(transport, 100)) == ["accepted"])
        #expect(await transport.openConnections() == 1)
        #expect(try server.log().split(separator: "\n").count { $0.contains("EHLO") } == 1)
        transport.limitConnections(3)
        #expect(Set(await answers(transport, 300)) == ["accepted"])
        #expect(await transport.openConnections() == 3)
        transport.limitConnections(1)
        let limit = ContinuousClock.now + .seconds(10)
        while await transport.openConnections() > 1, .now < limit { try await Task.sleep(for: .milliseconds(20)) }
        #expect(await transport.openConnections() == 1)
        #expect(Set(await answers(transport, 10)) == ["accepted"])
        await transport.drain()
    }

    @Test("after a refusal the connection is reset and used again")
    func reset() async throws {
        let server = try await TestServer.sink("-v", "-f", "RCPT")
        let transport = try smtp(port: server.port, ["connections": "1"])
        #expect(await answers(transport, 5).allSatisfy { $0.hasPrefix("rejected") })
        await transport.drain()
        let lines = try server.log().split(separator: "\n")
        // The last one may be cut off by the drain.
        #expect([4, 5].contains(lines.count { $0.contains("RSET") }) && lines.count { $0.contains("EHLO") } == 1, "\(lines)")
    }

    @Test("what could not leave before its send deadline does not leave after it, however slow the server")
    func slowEnvelope() async throws {
        let server = try await TestServer.sink("-v", "-W", "DATA:12")
        let transport = try smtp(port: server.port)
        let start = ContinuousClock.now
        let result = await transport.answers([mail(.init(subject: "", text: ""), sendWithin: .seconds(1))])[0]
        #expect(result.outcome.failure?.code == "deadline_passed" && result.outcome.name == "deferred")
        #expect(.now - start < .seconds(11), "the place is free at the deadline")
        await transport.drain()
        #expect(try !server.log().contains("<."), "no final dot")
    }

    @Test("what the sink wrote down is what was sent, dots and all, with the report that is wanted")
    func dump() async throws {
        let server = try await TestServer(Programs.find("smtp-sink")) { port, directory in
            chmod(directory.path, 0o777)
            return (getuid() == 0 ? ["-u", "nobody"] : []) + ["-d", directory.path + "/mail.", "127.0.0.1:\(port)", "100"]
        }
        let transport = try smtp(port: server.port)
        _ = await transport.answers([simple(7, ".\n..\nQUIT\n.\r.x\n")])
        await transport.drain()
        let file = try #require(
            FileManager.default.contentsOfDirectory(atPath: server.directory.path).first { $0.hasPrefix("mail.") })
        let text = try String(contentsOfFile: server.directory.path + "/" + file, encoding: .utf8)
        #expect(text.contains("X-Mail-Args: <shop@example.com> RET=HDRS ENVID=7.1\n"), "M6")
        #expect(text.contains("X-Rcpt-Args: <b@y.test> NOTIFY=FAILURE ORCPT=rfc822;b@y.test\n"), "M6")
        #expect(text.contains("Message-ID: <7.martlet@example.com>"))
        #expect(text.hasSuffix("\n\n.\n..\nQUIT\n.\n.x\n\n") || text.hasSuffix("\n\n.\n..\nQUIT\n.\n.x\n"))
    }

    @Test(
        "a server that hangs up means deferral before the final dot and doubt after it",
        arguments: [
            ("CONNECT", "deferred connection_lost kept"), ("EHLO", "deferred connection_lost kept"),
            ("MAIL", "deferred connection_lost kept"),
            ("RCPT", "deferred connection_lost kept"), ("DATA", "deferred connection_lost kept"),
            (".", "unknown connection_lost counted"),
        ])
    func hangsUp(command: String, expected: String) async throws {
        let server = try await TestServer.sink("-q", command)
        #expect(try await answers(smtp(port: server.port)) == [expected])
    }

    @Test("421 keeps the attempt and slows the provider", arguments: ["CONNECT", "EHLO", "MAIL", "RCPT", "DATA", "."])
    func closing(command: String) async throws {
        let server = try await TestServer.sink("-Q", command)
        let results = try await smtp(port: server.port).answers([simple()])
        let failure = try #require(results[0].outcome.failure)
        #expect(results[0].outcome.name == "deferred" && !failure.countsAttempt && failure.throttled, "\(failure)")
        #expect(failure.code.hasPrefix("smtp_421"))
    }

    @Test(
        "refusals at every step are read by their codes",
        arguments: [
            ("-f", "MAIL", "500 5.1.8 no", "rejected smtp_500_5.1.8 counted"),
            ("-f", "RCPT", "550 5.1.1 no", "rejected smtp_550_5.1.1 counted"),
            ("-f", "RCPT", "550 5.7.1 no", "rejected smtp_550_5.7.1 counted"),
            ("-f", "DATA", "554 5.3.0 no", "rejected smtp_554_5.3.0 counted"),
            ("-f", ".", "554 5.6.0 no", "rejected smtp_554_5.6.0 counted"),
            ("-r", "RCPT", "450 4.2.0 grey", "deferred smtp_450_4.2.0 counted"),
            ("-r", ".", "451 4.3.0 later", "deferred smtp_451_4.3.0 kept"),
        ])
    func refusals(flag: String, command: String, reply: String, expected: String) async throws {
        let server = try await TestServer.sink(flag, command, flag == "-f" ? "-B" : "-b", reply)
        #expect(try await answers(smtp(port: server.port, ["connections": "1"]), 3) == [expected, expected, expected])
    }

    @Test("without EHLO there is HELO")
    func helo() async throws {
        let server = try await TestServer.sink("-f", "EHLO")
        #expect(try await answers(smtp(port: server.port), 3) == ["accepted", "accepted", "accepted"])
    }

    @Test("a server that is slow after the final dot is in doubt when the answer is due, and the next message goes on")
    func slow() async throws {
        let server = try await TestServer.sink("-W", ".:30")
        let start = ContinuousClock.now
        let transport = try smtp(port: server.port)
        #expect(await answers(transport, answerWithin: .seconds(2)) == ["unknown timeout counted"])
        #expect(.now - start < .seconds(20))
    }

    @Test("a server that is slow before the final dot is deferred when the answer is due")
    func slowBefore() async throws {
        let server = try await TestServer.sink("-w", "30")
        #expect(try await answers(smtp(port: server.port), answerWithin: .seconds(2)) == ["deferred timeout counted"])
    }

    @Test("an early 550 that reads no further frees the message and not the doubt")
    func abort() async throws {
        let server = try await TestServer.sink("-A", "0")
        let results = try await smtp(port: server.port).answers([simple(1, String(repeating: "x\n", count: 500_000))])
        #expect(["rejected", "deferred", "unknown"].contains(results[0].outcome.name))
        #expect(results[0].outcome.name != "accepted")
    }

    @Test("while the server is down messages are answered at once and no connection is tried; it recovers by itself")
    func down() async throws {
        let port = try Programs.freePort()
        let transport = try smtp(port: port)
        let first = await transport.answers((1...50).map { simple($0) })
        for result in first {
            let failure = try #require(result.outcome.failure)
            #expect(failure.code == "connect_refused" && !failure.countsAttempt && failure.retryAfter != nil)
            #expect((failure.retryAfter ?? .zero) <= .seconds(1))
        }
        let server = try await TestServer.sink(port: port)
        let limit = ContinuousClock.now + .seconds(15)
        while await answers(transport) != ["accepted"], .now < limit { try await Task.sleep(for: .milliseconds(20)) }
        #expect(await answers(transport, 20).allSatisfy { $0 == "accepted" })
        server.stop()
        // The idle connections are found dead, not the messages.
        let after = await answers(transport, 5)
        #expect(after.allSatisfy { $0.hasPrefix("deferred ") && $0.hasSuffix(" kept") }, "\(after)")
    }

    @Test("a name that cannot be resolved is a deferral that says so")
    func noSuchHost() async throws {
        let result = try await smtp(port: 25, ["host": "no-such-host.invalid"]).answers([simple()])[0]
        #expect(result.outcome.failure?.code == "host_not_found" && result.outcome.failure?.countsAttempt == false)
    }

    @Test("sendBy and drain: what was not begun is deferred and kept")
    func deadlines() async throws {
        let server = try await TestServer.sink("-W", "CONNECT:1")
        let transport = try smtp(port: server.port)
        let late = await transport.answers([mail(.init(subject: "", text: ""), sendWithin: .milliseconds(100))])
        #expect(late[0].outcome == .deferred(.deadlinePassed))
        let collector = Collector()
        transport.submit([simple(2)]) { collector.take($0) }
        await transport.drain()
        #expect(collector.results.map(\.outcome) == [.deferred(.stopping)])
        #expect(await transport.answers([simple(3)])[0].outcome == .deferred(.stopping))
    }

    @Test("drain waits for what is on its way")
    func drainWaits() async throws {
        let server = try await TestServer.sink("-w", "1")
        let transport = try smtp(port: server.port, ["connections": "1"])
        #expect(await answers(transport) == ["accepted"])
        let collector = Collector()
        // The connection is idle: one is on its way before the drain has its turn.
        transport.submit([simple(1), simple(2)]) { collector.take($0) }
        await transport.drain()
        #expect(collector.results.map(\.outcome.name).sorted() == ["accepted", "deferred"])
    }

    @Test("run keeps connections until it is cancelled")
    func run() async throws {
        let server = try await TestServer.sink()
        let transport = try smtp(port: server.port)
        let running = Task { try await transport.run() }
        #expect(await answers(transport, 5).allSatisfy { $0 == "accepted" })
        running.cancel()
        try await running.value
    }

    @Test("an idle connection is closed, and the next message opens another")
    func idle() async throws {
        let server = try await TestServer.sink("-v")
        let transport = try smtp(port: server.port, ["idle_close": "50ms", "connections": "1"])
        #expect(await answers(transport) == ["accepted"])
        let limit = ContinuousClock.now + .seconds(10)
        while try !server.log().contains("QUIT"), .now < limit { try await Task.sleep(for: .milliseconds(20)) }
        #expect(try server.log().contains("QUIT"))
        #expect(await answers(transport) == ["accepted"])
    }

    @Test("an SMS has no business here")
    func wrongChannel() async throws {
        #expect(try await smtp(port: 1).answers([submission()])[0].outcome.failure?.code == "wrong_channel")
    }
}
