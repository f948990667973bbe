import Foundation
import Glibc
import Logging
import Telemetry
import Testing

/// A pipe to log into.
final class LogPipe {
    let reader: Int32
    let writer: Int32
    let output: LogOutput

    init(patience: Duration = .milliseconds(20)) throws {
        var ends: [Int32] = [0, 0]
        try #require(pipe(&ends) == 0)
        (reader, writer) = (ends[0], ends[1])
        output = LogOutput(descriptor: writer, patience: patience)
    }

    deinit {
        close(reader)
        close(writer)
    }

    /// What has been written and not been read yet, up to 1 MiB.
    func read() -> String {
        var bytes = [UInt8](repeating: 0, count: 1 << 20)
        _ = fcntl(reader, F_SETFL, O_NONBLOCK)
        let count = Glibc.read(reader, &bytes, bytes.count)
        return String(decoding: bytes.prefix(max(0, count)), as: UTF8.self)
    }

    func logger(_ format: LogFormat = .json, level: Logger.Level = .info) -> Logger {
        Logger(label: "worker", factory: { LineLogHandler(label: $0, level: level, format: format, output: self.output) })
    }
}

@Suite("Log lines")
struct LogTests {
    private func object(_ line: String) throws -> [String: Any] {
        try #require(JSONSerialization.jsonObject(with: Data(line.utf8)) as? [String: Any])
    }

    @Test("a JSON line is one object with time, level, logger, message and metadata")
    func json() throws {
        let pipe = try LogPipe()
        var logger = pipe.logger()
        logger[metadataKey: "worker"] = "w1"
        logger.notice(
            "claimed \"3\"\nmessages\u{0}",
            metadata: [
                "lane": .stringConvertible(0), "ids": ["1", "2"], "nested": ["ok": .stringConvertible(true)], "level": "x",
            ])
        let text = pipe.read()
        #expect(text.hasSuffix("\n") && text.count(where: \.isNewline) == 1)
        let line = try object(text)
        #expect(line["level"] as? String == "notice" && line["logger"] as? String == "worker")
        #expect(line["message"] as? String == "claimed \"3\"\nmessages\u{0}")
        #expect(line["lane"] as? Int == 0 && line["worker"] as? String == "w1" && line["ids"] as? [String] == ["1", "2"])
        #expect((line["nested"] as? [String: Bool]) == ["ok": true] && line["level_"] as? String == "x")
        let time = try #require(line["time"] as? String)
        let parsed = try Date(time, strategy: Date.ISO8601FormatStyle(includingFractionalSeconds: true))
        #expect(abs(parsed.timeIntervalSinceNow) < 60)
    }

    @Test("a line for people is one line too, whatever the message holds")
    func text() throws {
        let pipe = try LogPipe()
        pipe.logger(.text).warning("bad\nnews\u{1B}[31m", metadata: ["reason": "no \"way\"", "lane": "0"])
        let text = pipe.read()
        #expect(text.hasSuffix(#"warning  worker: bad\nnews\u{1b}[31m lane=0 reason="no "way"""# + "\n"), "\(text)")
        #expect(text.wholeMatch(of: /\d\d:\d\d:\d\d\.\d{3} .*\n/) != nil, "\(text)")
    }

    @Test("lines below the level are not written")
    func level() throws {
        let pipe = try LogPipe()
        pipe.logger(level: .warning).info("quiet")
        pipe.logger(level: .warning).error("loud")
        #expect(pipe.read().contains("loud") && pipe.read().isEmpty)
    }

    @Test("secrets, bodies and addresses do not get into a line", arguments: LogFormat.allCases)
    func redaction(_ format: LogFormat) throws {
        let pipe = try LogPipe()
        var logger = pipe.logger(format)
        logger[metadataKey: "smtp_password"] = "planted"
        struct Failed: Error { let url = "postgres://u:pl@nt/planted@db/m" }
        logger.error(
            "cannot reach postgres://u:planted@db/m, password='planted', Authorization: Bearer plantedplanted, to ann@example.com",
            error: Failed(),
            metadata: [
                "body": "planted", "variables": "{\"code\":\"planted\"}", "nested": ["token": "planted"],
                "address": "+8613800001234", "detail": "550 no such user bob@example.org, api_key: planted",
            ])
        let text = pipe.read()
        #expect(!text.contains("planted") && !text.contains("ann@") && !text.contains("bob@"), "\(text)")
        #expect(text.contains("a**@example.com") && text.contains("b**@example.org") && text.contains("+86138****1234"))
        #expect(text.contains("postgres://u:***@db/m"))
    }

    @Test("a huge value is cut, and the line stays valid JSON")
    func bounded() throws {
        let pipe = try LogPipe()
        pipe.logger().info("\(String(repeating: "长", count: 10_000))")
        let line = pipe.read()
        #expect(line.utf8.count < 7000)
        #expect(try (object(line)["message"] as? String)?.hasSuffix("长…") == true)
    }

    @Test("a reader that does not read costs lines, not time; the lines lost are counted and told", .timeLimit(.minutes(1)))
    func dropped() throws {
        let pipe = try LogPipe()
        let logger = pipe.logger()
        // The reader begins when they are all written: one that waited for the reader would never end.
        for number in 0..<5000 { logger.info("line \(number) \(String(repeating: "x", count: 100))") }
        let lost = pipe.output.dropped
        #expect(lost > 3000)
        var written = pipe.read()
        logger.info("afterwards")
        written += pipe.read()
        let lines = written.split(separator: "\n").map(String.init)
        #expect(pipe.output.dropped == 0)
        #expect(try lines.suffix(2).first.map(object)?["dropped"] as? Int == lost)
        #expect(lines.last?.contains("afterwards") == true)
        for line in lines { _ = try object(line) }
    }

    @Test("lines written at once by many tasks do not mix")
    func concurrent() async throws {
        let pipe = try LogPipe(patience: .seconds(5))
        let logger = pipe.logger()
        await withTaskGroup { group in
            for task in 0..<8 {
                group.addTask {
                    for number in 0..<20 { logger.info("task \(task) line \(number) \(String(repeating: "y", count: 200))") }
                }
            }
        }
        let lines = pipe.read().split(separator: "\n").map(String.init)
        #expect(lines.count == 160)
        for line in lines { _ = try object(line) }
    }

    @Test(
        "an address is masked so that its owner recognises it and no reader can write to it",
        arguments: [
            ("+8613800001234", "+86138****1234"), ("+447911123456", "+4479****3456"), ("+12025550123", "+120****0123"),
            ("+49123456", "+****3456"), ("+12345", "+***"), ("ann@example.com", "a**@example.com"),
            ("a@b.example", "a*@b.example"),
            ("very.long.name@example.com", "v********@example.com"), ("@example.com", "@***"), ("", "***"), ("张三", "张***"),
        ])
    func masks(_ address: String, _ expected: String) {
        #expect(masked(address) == expected)
    }
}

@Suite("What is taken out of a text")
struct RedactionTests {
    @Test(
        "secrets and addresses go, everything else stays letter by letter",
        arguments: [
            ("claimed 3 of lane 0: ok", "claimed 3 of lane 0: ok"), ("", ""), ("@ + : = ://", "@ + : = ://"),
            ("postgres://u:p@h/d and smtp://a:b@c", "postgres://u:***@h/d and smtp://a:***@c"),
            ("http://h:80/x?a=1", "http://h:80/x?a=1"), ("https://h/x", "https://h/x"),
            ("PGPASSWORD=planted x", "PGPASSWORD=*** x"), ("{\"token\": \"plan ted\"}", "{\"token\": ***}"),
            ("secret='open planted", "secret=***"), ("?api_key=planted&x=1", "?api_key=***&x=1"), ("password:", "password:"),
            ("the password is wrong", "the password is wrong"), ("Basic cGxhbnRlZA==, ok", "Basic ***, ok"),
            ("basic test", "basic test"), ("to <ann@example.com>, 张三@例子.example", "to <a**@example.com>, 张*@例子.example"),
            ("a@b, x@y.", "a@b, x@y."), ("+8613800001234!", "+86138****1234!"), ("1+234567 +0123456789", "1+234567 +0123456789"),
        ])
    func text(_ text: String, _ expected: String) throws {
        let pipe = try LogPipe()
        pipe.logger(.text).info("\(text)")
        #expect(pipe.read().hasSuffix(" worker: \(expected)\n"))
    }
}
