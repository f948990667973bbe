import Domain
import Foundation
import NIOCore
import ProviderSupport
import Testing

@testable import Transports

@Suite("SMTP transactions behind each other")
struct SMTPFollowerTests {
    static let envelope = ["> MAIL FROM:<a@x.test>", "> RCPT TO:<c@y.test>", "> DATA"]

    /// The first transaction's content is about to leave, with a follower's envelope behind it.
    static func following(written: Bool = true) -> Dialogue {
        var dialogue = Dialogue.ready("PIPELINING")
        dialogue.begin()
        dialogue.server("250 ok\r\n250 ok\r\n354 go\r\n")
        dialogue.log = []
        dialogue.follow()
        if written { dialogue.session.contentWritten() }
        return dialogue
    }

    @Test(
        "the next envelope leaves behind the content, and its turn comes with the answer, however replies are cut",
        arguments: 1...40)
    func follows(pieces: Int) {
        var dialogue = Self.following()
        #expect(dialogue.log == Self.envelope)
        dialogue.server("250 2.0.0 Ok: queued as A1\r\n250 ok\r\n250 ok\r\n354 go\r\n", pieces: pieces)
        #expect(dialogue.log.dropFirst(3) == ["finish accepted ", "followed", "content 6"])
        #expect(dialogue.session.mayFollow)
        dialogue.session.contentWritten()
        dialogue.server("250 2.0.0 Ok: queued as A2\r\n", pieces: pieces)
        #expect(dialogue.log.suffix(2) == ["finish accepted ", "ready"])
        #expect(dialogue.outcomes == [.accepted(reference: "A1"), .accepted(reference: "A2")])
    }

    @Test("neither takes the other with it: refused content, refused recipient")
    func independent() {
        var dialogue = Self.following()
        dialogue.server("554 5.6.0 spam\r\n250 ok\r\n550 5.1.1 no such user\r\n554 5.5.1 no valid recipients\r\n")
        #expect(
            dialogue.log.dropFirst(3) == [
                "finish rejected smtp_554_5.6.0", "followed", "finish rejected smtp_550_5.1.1", "> RSET",
            ])
        dialogue.server("250 ok\r\n")
        #expect(dialogue.log.last == "ready")
    }

    @Test("nothing follows where PIPELINING is not offered, not wanted, or something follows already")
    func unwanted() {
        for var dialogue in [
            Dialogue.ready(), .ready("PIPELINING", pipelining: .envelope), .ready("PIPELINING", pipelining: .off),
        ] {
            #expect(!dialogue.session.mayFollow)
            dialogue.begin()
            for reply in ["250 ok", "250 ok", "354 go"] { dialogue.server(reply + "\r\n") }
            #expect(dialogue.session.state == .content && !dialogue.session.mayFollow)
        }
        let dialogue = Self.following(written: false)
        #expect(!dialogue.session.mayFollow)
    }

    @Test("pipelining can be switched off")
    func off() {
        var dialogue = Dialogue.ready("PIPELINING", pipelining: .off)
        dialogue.begin()
        #expect(dialogue.log == ["> MAIL FROM:<a@x.test>"])
    }

    @Test(
        "when the connection ends, the first is in doubt or not as ever, and the follower is untouched",
        arguments: [
            (true, "", "finish unknown connection_lost"), (false, "", "finish deferred connection_lost"),
            (true, "421 4.3.2 bye\r\n", "finish deferred smtp_421_4.3.2"),
            (false, "552 5.3.4 too big\r\n", "finish rejected smtp_552_5.3.4"),
            (true, "250-half", "finish unknown connection_lost"),
        ])
    func lost(written: Bool, bytes: String, expected: String) {
        var dialogue = Self.following(written: written)
        dialogue.server(bytes)
        dialogue.note(dialogue.session.connectionClosed(nil))
        #expect(dialogue.log.dropFirst(3) == [expected, "follower not begun connection_lost", "close"])
        #expect(dialogue.outcomes.count == 1)
    }

    @Test("a server that takes no further message returns the follower untouched", arguments: [true, false])
    func limited(speaks: Bool) {
        var dialogue = Self.following()
        dialogue.server("250 2.0.0 Ok\r\n" + (speaks ? "421 4.7.0 too many messages\r\n" : ""))
        dialogue.note(dialogue.session.connectionClosed(nil))
        #expect(dialogue.log.dropFirst(3).prefix(2) == ["finish accepted ", "followed"])
        #expect(dialogue.log.suffix(2) == ["not begun \(speaks ? "smtp_421_4.7.0" : "connection_lost")", "close"])
    }

    @Test("a follower that is withdrawn never gets its content: the connection ends with the first one's answer")
    func withdrawn() {
        var dialogue = Self.following()
        dialogue.session.withdrawFollower()
        dialogue.server("250 2.0.0 Ok\r\n250 ok\r\n250 ok\r\n354 go\r\n")
        #expect(dialogue.log.dropFirst(3) == ["finish accepted ", "close"])
        #expect(dialogue.session.connectionClosed(nil).isEmpty)
    }

    @Test("an answer too many never makes a follower's content leave without its 354")
    func desynchronised() {
        var dialogue = Self.following()
        dialogue.server("250 2.0.0 Ok\r\n250 again\r\n250 ok\r\n250 ok\r\n354 go\r\n")
        #expect(dialogue.log.suffix(2) == ["finish deferred malformed_reply", "close"] && !dialogue.log.contains("content 6"))
    }

    @Test("random replies: every transaction ends or is returned exactly once")
    func fuzz() {
        let replies = [
            "250 ok\r\n", "354 go\r\n", "421 x\r\n", "550 5.1.1 x\r\n", "451 x\r\n", "250-", "\r\n", "x",
            "250 ok\r\n250 ok\r\n354 go\r\n",
        ]
        for _ in 0..<5_000 {
            var dialogue = Dialogue.ready("PIPELINING")
            dialogue.begin()
            var begun = 1
            for _ in 0..<Int.random(in: 1...10) {
                dialogue.server(replies.randomElement() ?? "")
                guard dialogue.session.state == .content else { continue }
                if dialogue.session.mayFollow, Bool.random() {
                    dialogue.follow()
                    begun += 1
                }
                if Bool.random() { dialogue.session.contentWritten() }
            }
            dialogue.note(Bool.random() ? dialogue.session.timedOut() : dialogue.session.connectionClosed(nil))
            let returned = dialogue.log.count { $0.hasPrefix("not begun") || $0.hasPrefix("follower not begun") }
            #expect(dialogue.outcomes.count + returned == begun, "\(dialogue.log)")
        }
    }

    @Test(
        "what arrives is what was meant for each, message by message, also over one connection",
        arguments: ["full", "envelope", "off"])
    func overTheWire(pipelining: String) async throws {
        let server = try await TestServer(Programs.find("smtp-sink")) { port, directory in
            chmod(directory.path, 0o777)
            return (getuid() == 0 ? ["-u", "nobody"] : []) + ["-d", directory.path + "/mail.", "127.0.0.1:\(port)", "100"]
        }
        let transport = try smtp(
            port: server.port, ["connections": "1", "messages_per_connection": "30", "pipelining": pipelining])
        let results = await transport.answers(
            (1...100).map { mail(.init(subject: "Number \($0)", text: "For \($0)\n"), id: $0, to: "r\($0)@y.test") })
        #expect(Set(results.map(\.outcome.name)) == ["accepted"])
        await transport.drain()
        var seen: Set<String> = []
        for name in try FileManager.default.contentsOfDirectory(atPath: server.directory.path) where name.hasPrefix("mail.") {
            let text = try String(contentsOf: server.directory.appending(path: name), encoding: .utf8)
            let id = try #require(text.firstMatch(of: #/X-Rcpt-Args: <r(\d+)@y.test>/#)).1
            #expect(text.contains("Subject: Number \(id)\n") && text.contains("\nFor \(id)\n"))
            seen.insert(String(id))
        }
        #expect(seen.count == 100)
    }

    @Test("a server that answers out of order leaves a message in doubt instead of pretending that it was accepted")
    func outOfOrder() async throws {
        // The sink delays this one answer only, and gives those to the commands behind it at once.
        let server = try await TestServer.sink("-W", ".:3")
        let transport = try smtp(port: server.port, ["connections": "1", "pipelining": "full"])
        let start = ContinuousClock.now
        let failure = try #require(await transport.answers([simple(1), simple(2)])[0].outcome.failure)
        #expect(.now - start < .seconds(20), "the second does not wait for its deadline either")
        #expect(failure.code == "malformed_reply" && failure.detail.contains("pipelining: envelope"), "\(failure)")
        let careful = try smtp(port: server.port, ["connections": "1"])
        #expect(await careful.answers([simple(1), simple(2)]).map(\.outcome.name) == ["accepted", "accepted"])
    }

    @Test("a follower that waits too long behind another message is given back in time, unburned, and never arrives")
    func slowFirst() async throws {
        let server = try await Self.server(hangsUpAfter: 100, delay: 12)
        let transport = try smtp(port: server.port, ["connections": "1", "pipelining": "full"])
        let collector = Collector()
        transport.submit([simple(1), mail(.init(subject: "", text: ""), id: 2, sendWithin: .seconds(1))]) { collector.take($0) }
        let first = await collector.wait(for: 1)
        // By the transport's own clock: on a busy machine this test may be called long after the answer.
        #expect(first.first?.messageID == MessageID(2) && first.first?.outcome == .deferred(.deadlinePassed))
        #expect(try #require(first.first).latency < .seconds(11))
        let both = await collector.wait(for: 2)
        #expect(both.map(\.outcome.name) == ["deferred", "accepted"])
        #expect(await transport.answers([simple(3)])[0].outcome.name == "accepted", "over another connection")
        let lines = try server.log().split(separator: "\n").filter { $0.hasPrefix("Message-ID") }
        #expect(lines == ["Message-ID: <1.martlet@example.com>", "Message-ID: <3.martlet@example.com>"])
    }

    /// Speaks PIPELINING, prints the Message-IDs it takes, hangs up after so many on one connection, and takes its time over the first.
    static func server(hangsUpAfter count: Int, delay: Int) async throws -> TestServer {
        let script = """
            import sys, socket, threading, time
            def serve(c):
                f = c.makefile('rwb')
                def say(t): f.write(t + b'\\r\\n'); f.flush()
                say(b'220 hi'); n = 0
                while True:
                    line = f.readline()
                    if not line: return
                    word = line[:4].upper()
                    if word == b'EHLO': say(b'250-s\\r\\n250 PIPELINING')
                    elif word == b'DATA':
                        say(b'354 go'); body = b''
                        while (l := f.readline()) != b'.\\r\\n':
                            if not l: return
                            body += l
                        n += 1
                        # One write: print() makes two, and another thread may come between them.
                        ids = [l for l in body.split(b'\\r\\n') if l.startswith(b'Message-ID')]
                        sys.stdout.write(ids[0].decode() + '\\n'); sys.stdout.flush()
                        time.sleep(delay.pop())
                        say(b'250 ok')
                        if n == int(sys.argv[2]): c.shutdown(socket.SHUT_RDWR); c.close(); return
                    elif word == b'QUIT': say(b'221 bye'); return
                    else: say(b'250 ok')
            delay = [0] * 1000 + [int(sys.argv[3])]
            s = socket.create_server(('127.0.0.1', int(sys.argv[1])))
            while True: threading.Thread(target=serve, args=(s.accept()[0],), daemon=True).start()
            """
        return try await TestServer(Programs.python) { port, _ in ["-c", script, String(port), String(count), String(delay)] }
    }

    @Test("a server that hangs up after every third message loses none of them and gets none twice")
    func hangsUp() async throws {
        let server = try await Self.server(hangsUpAfter: 3, delay: 0)
        let transport = try smtp(port: server.port, ["connections": "2", "pipelining": "full"])
        let results = await transport.answers((1...60).map { simple($0) })
        let accepted = results.filter { $0.outcome.name == "accepted" }.count
        // The server's last answer may die with its connection: that one is in doubt, never sent again by itself.
        #expect(results.allSatisfy { ["accepted", "unknown", "deferred"].contains($0.outcome.name) })
        #expect(
            results.allSatisfy { $0.outcome.name != "deferred" || $0.outcome.failure?.countsAttempt == false },
            "\(results.map(\.outcome))")
        let lines = try server.log().split(separator: "\n").filter { $0.hasPrefix("Message-ID") }
        #expect(lines.count == Set(lines).count)
        #expect(lines.count >= accepted, "\(results.map { "\($0.messageID) \($0.outcome.name)" }), \(lines)")
        #expect(accepted >= 30, "\(accepted)")
        await transport.drain()
    }
}
