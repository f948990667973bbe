import Domain
import Foundation
import Logging
import NIOConcurrencyHelpers
import ProviderSupport
import Testing

@testable import Callbacks
@testable import Transports

/// Keeps what it is told; refuses as often as it is told to.
final class RecordedEvents: ProviderEventSink, @unchecked Sendable {
    // @unchecked: everything is under `lock`.
    struct Away: Error {}
    private let lock = NIOLock()
    private var kept: [ProviderEvent] = []
    private var refusals: Int
    private var asked = 0
    private let during: @Sendable () -> Void

    init(refusals: Int = 0, during: @escaping @Sendable () -> Void = {}) {
        self.refusals = refusals
        self.during = during
    }

    func record(_ events: [ProviderEvent]) async throws {
        let refuses = lock.withLock {
            asked += 1
            refusals -= 1
            return refusals >= 0
        }
        during()
        if refuses { throw Away() }
        lock.withLock { kept += events }
    }

    var events: [ProviderEvent] { lock.withLock { kept } }
    var calls: Int { lock.withLock { asked } }

    var bounces: [BounceReport] { events.compactMap { if case .bounce(let report) = $0 { report } else { nil } } }
}

/// A maildir of its own.
final class TestMaildir {
    let path: String

    init(made: Bool = true) throws {
        path = FileManager.default.temporaryDirectory.appending(path: "maildir-\(UUID().uuidString)").path
        if made { try make() }
    }

    func make() throws {
        for name in ["tmp", "new", "cur"] {
            try FileManager.default.createDirectory(atPath: path + "/" + name, withIntermediateDirectories: true)
        }
    }

    func deliver(_ name: String, _ text: String) throws {
        try text.write(toFile: path + "/tmp/" + name, atomically: false, encoding: .utf8)
        try FileManager.default.moveItem(atPath: path + "/tmp/" + name, toPath: path + "/new/" + name)
    }

    func names(_ folder: String) -> [String] {
        do { return try FileManager.default.contentsOfDirectory(atPath: path + "/" + folder).sorted() } catch { return [] }
    }

    deinit { Programs.discard { try FileManager.default.removeItem(atPath: path) } }
}

@Suite("reports in a maildir", .timeLimit(.minutes(2)))
struct BounceFeedTests {
    let samples: ReportSamples
    let maildir: TestMaildir

    init() throws {
        samples = ReportSamples(secret: try TokenSecret(lines: "0123456789abcdef"))
        maildir = try TestMaildir()
    }

    func feed(_ events: any ProviderEventSink, maildir path: String? = nil) -> BounceFeed {
        var logger = Logger(label: "test")
        logger.logLevel = .critical
        return BounceFeed(
            maildir: Maildir(path: path ?? maildir.path), poll: .milliseconds(10),
            reader: ReportReader(provider: "mail", secret: samples.secret), events: events, logger: logger)
    }

    /// Runs it until `isDone` or 20 s have passed.
    func run(_ feeds: [BounceFeed], until isDone: () -> Bool) async throws {
        let running = feeds.map { feed in Task { await feed.run() } }
        let limit = ContinuousClock.now + .seconds(20)
        while !isDone(), .now < limit { try await Task.sleep(for: .milliseconds(10)) }
        for one in running { one.cancel() }
        for one in running { await one.value }
    }

    static let hard = "Final-Recipient: rfc822; b@y.test\nAction: failed\nStatus: 5.1.1"

    @Test("a report is put away only after its event is durable")
    func order() async throws {
        let path = maildir.path
        let lock = NIOLock()
        nonisolated(unsafe) var seen: [[String]] = []
        let events = RecordedEvents(refusals: 2) {
            do {
                let new = try FileManager.default.contentsOfDirectory(atPath: path + "/new")
                lock.withLock { seen.append(new) }
            } catch {
                Issue.record(error)
            }
        }
        try maildir.deliver("1.a.host", samples.report(Self.hard))
        let feed = feed(events)
        for _ in 0..<2 {
            await #expect(throws: RecordedEvents.Away.self) { try await feed.pass() }
            #expect(maildir.names("new") == ["1.a.host"] && maildir.names("cur") == [])
        }
        #expect(try await feed.pass() == 1)
        #expect(maildir.names("new") == [] && maildir.names("cur") == ["1.a.host:2,S"])
        #expect(lock.withLock { seen } == [["1.a.host"], ["1.a.host"], ["1.a.host"]], "still there while it was recorded")
        #expect(events.bounces.map(\.kind) == [.hard])
        #expect(try await feed.pass() == 0)
        #expect(events.calls == 3)
    }

    @Test("auto-replies are put away without a word, strange mail is flagged for people")
    func others() async throws {
        let events = RecordedEvents()
        try maildir.deliver("1", samples.automatic("Auto-Submitted: auto-replied"))
        try maildir.deliver("2", samples.automatic("Subject: Re: Hello"))
        try maildir.deliver("3:2,", samples.report(Self.hard, to: "x@y.test"))
        try maildir.deliver("4", samples.complaint(to: samples.to))
        try maildir.deliver("5", "")
        #expect(try await feed(events).pass() == 5)
        #expect(maildir.names("cur") == ["1:2,S", "2:2,F", "3:2,F", "4:2,S", "5:2,F"] && maildir.names("new") == [])
        #expect(events.bounces.map(\.kind).sorted { $0.rawValue < $1.rawValue } == [.autoReply, .unclear])
        #expect(events.events.count == 3 && events.calls == 1)
    }

    @Test("links, pipes and folders among the mail are neither followed nor waited for")
    func strangeFiles() async throws {
        let events = RecordedEvents()
        let outside = try SecretFile(samples.report(Self.hard))
        try FileManager.default.createSymbolicLink(atPath: maildir.path + "/new/link", withDestinationPath: outside.path)
        #expect(mkfifo(maildir.path + "/new/pipe", 0o600) == 0)
        try FileManager.default.createDirectory(atPath: maildir.path + "/new/folder", withIntermediateDirectories: true)
        try maildir.deliver("real", samples.report(Self.hard))
        #expect(try await feed(events).pass() == 4)
        #expect(events.bounces.count == 1 && maildir.names("new") == [])
        #expect(maildir.names("cur") == ["folder:2,F", "link:2,F", "pipe:2,F", "real:2,S"])
    }

    @Test("a huge message is read in part")
    func huge() async throws {
        let events = RecordedEvents()
        try maildir.deliver("1", samples.report(Self.hard) + String(repeating: "x\n", count: 3_000_000))
        #expect(try await feed(events).pass() == 1)
        #expect(events.bounces.map(\.kind) == [.hard])
    }

    @Test("two workers on one folder lose nothing, and a database that is away is waited for")
    func two() async throws {
        let events = [RecordedEvents(refusals: 3), RecordedEvents()]
        for id in 1...250 {
            let token = ReturnToken(MessageID(Int64(id)), attempt: 1).text(samples.secret)
            try maildir.deliver("\(id)", samples.report(Self.hard, to: "bounce+\(token)@bounces.example.com"))
        }
        try await run(events.map { feed($0) }) { maildir.names("cur").count == 250 }
        #expect(maildir.names("new") == [])
        #expect(Set(events.flatMap(\.bounces).map(\.messageID)).count == 250)
    }

    @Test("a folder that is not there yet is waited for")
    func late() async throws {
        let late = try TestMaildir(made: false)
        let events = RecordedEvents()
        let running = Task { [feed = feed(events, maildir: late.path)] in await feed.run() }
        await #expect(throws: Maildir.Problem.self) { try await feed(events, maildir: late.path).pass() }
        try late.make()
        try late.deliver("1", samples.report(Self.hard))
        let limit = ContinuousClock.now + .seconds(20)
        while events.bounces.isEmpty, .now < limit { try await Task.sleep(for: .milliseconds(10)) }
        #expect(events.bounces.count == 1)
        running.cancel()
        await running.value
    }

    static func options(_ secret: SecretFile, _ maildir: String) -> [String: String] {
        [
            "verp": "bounce+{token}@bounces.test", "verp_secret_file": secret.path, "bounce_maildir": maildir,
            "bounce_poll": "20ms",
        ]
    }

    @Test("a drained transport reads no more reports, and one without a sink none at all")
    func transport() async throws {
        let secret = try SecretFile("0123456789abcdef")
        let options = try DKIMTests.options(Self.options(secret, maildir.path))
        let events = RecordedEvents()
        let logger = Logger(label: "test")
        let transport = try SMTPTransport(options, events: events, logger: logger)
        let running = Task { try await transport.run() }
        try maildir.deliver("1", samples.report(Self.hard))
        let limit = ContinuousClock.now + .seconds(20)
        while maildir.names("cur").isEmpty, .now < limit { try await Task.sleep(for: .milliseconds(10)) }
        #expect(events.bounces.count == 1)
        await transport.drain()
        try await running.value
        try maildir.deliver("2", samples.report(Self.hard))
        let silent = try SMTPTransport(options, logger: logger)
        let listening = Task { try await silent.run() }
        await silent.drain()
        try await listening.value
        #expect(maildir.names("new") == ["2"] && events.calls == 1)
    }

    @Test(
        "options that cannot work are refused",
        arguments: [
            (["verp": "bounce@x.test", "verp_secret_file": "/s"], "option verp cannot be"),
            (
                ["verp": "a-very-long-local-part-that-leaves-no-room+{token}@x.test", "verp_secret_file": "/s"],
                "option verp cannot be"
            ),
            (["verp": "{token}@x.test"], "verp_secret_file is missing"), (["bounce_maildir": "/m"], "verp is missing"),
            (["verp": "{token}@x.test", "verp_secret_file": "/s", "return_path": "a@b.test"], "use either return_path or verp"),
        ])
    func refusals(options: [String: String], problem: String) {
        #expect {
            try DKIMTests.options(options)
        } throws: {
            "\($0)".contains(problem)
        }
    }
}

@Suite(
    "bounces of a real server", .serialized, .timeLimit(.minutes(2)),
    .enabled(if: getuid() == 0 || ProcessInfo.processInfo.environment["CI"] != nil))
struct BounceLoopTests {
    @Test("what postfix cannot deliver comes back to its own return path and is told about, once it is durable put away")
    func loop() async throws {
        let nobody = try #require(getpwnam("nobody"))
        let more = """
            transport_maps = inline:{ {bounce.test = error:5.1.1 no such user here} }
            smtpd_reject_unlisted_recipient = no
            recipient_delimiter = +
            virtual_mailbox_domains = bounces.test
            virtual_mailbox_base = DIR/box
            virtual_mailbox_maps = static:mail/
            virtual_uid_maps = static:\(nobody.pointee.pw_uid)
            virtual_gid_maps = static:\(nobody.pointee.pw_gid)
            """
        try await TestPostfix.serving(more) { postfix in
            let box = postfix.directory.appending(path: "box").path
            try FileManager.default.createDirectory(atPath: box, withIntermediateDirectories: true)
            try FileManager.default.setAttributes([.ownerAccountName: "nobody"], ofItemAtPath: box)
            let secret = try SecretFile()
            let events = RecordedEvents()
            var options = BounceFeedTests.options(secret, box + "/mail")
            options.merge(["host": "127.0.0.1", "port": String(postfix.port), "tls": "off", "hostname": "client.test"]) { $1 }
            var logger = Logger(label: "test")
            logger.logLevel = .critical
            let policy = ProviderPolicy(name: "hub", transport: "smtp", channels: [.email], options: options)
            let transport = try TransportFactory.make(policy, logger: logger, events: events)
            let running = Task { try await transport.run() }
            let results = await transport.answers([
                mail(.init(subject: "Grüße", text: "x"), id: 7, to: "gone@bounce.test", attempt: 2), simple(8),
            ])
            #expect(results.map(\.outcome.name) == ["accepted", "accepted"], "postfix finds out later")
            let limit = ContinuousClock.now + .seconds(30)
            func putAway() -> [String] {
                do { return try FileManager.default.contentsOfDirectory(atPath: box + "/mail/cur") } catch { return [] }
            }
            while putAway().isEmpty, .now < limit { try await Task.sleep(for: .milliseconds(20)) }
            running.cancel()
            try await running.value
            let log = try postfix.log()
            let report = try #require(events.bounces.first, "\(log)")
            #expect(events.events.count == 1)
            #expect(report.messageID == MessageID(7) && report.attempt == 2 && report.provider == "hub")
            #expect(report.kind == .hard && report.status == "5.1.1" && report.address == "gone@bounce.test")
            #expect(report.failure?.detail.contains("no such user here") == true && report.failure?.suppressesAddress == true)
            #expect(putAway().count == 1 && putAway()[0].hasSuffix(":2,S"))
        }
    }
}
