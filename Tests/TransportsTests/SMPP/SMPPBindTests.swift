import CarrierSupport
import Domain
import Foundation
import Logging
import NIOConcurrencyHelpers
import NIOSSL
import ProviderSupport
import Testing

@testable import Callbacks
@testable import Transports

@Suite("SMPP binds", .serialized, .timeLimit(.minutes(3)))
struct SMPPBindTests {
    static let accepting = SMPPCarrierTests.accepting

    @Test(
        "a refused bind is an error of the account: messages are answered at once, and no bind is tried for half a minute",
        arguments: [0x0D, 0x0E, 0x0F] as [UInt32])
    func refused(status: UInt32) async throws {
        let mood: ScriptedSMSC.Mood = { frame, line in if frame.isBind { line.send(frame.answer(status)) } }
        try await carrier(isKind: false, mood: mood) { server, transport in
            let results = await transport.answers([sms("a", id: 1), sms("b", id: 2)])
            for result in results {
                let failure = try #require(result.outcome.failure)
                #expect(failure.code == "smpp_bind_\(SMPPStatus(status))" && !failure.countsAttempt)
                #expect(failure.detail.contains("check system_id, password_file"))
                #expect(failure.retryAfter.map { $0 > .seconds(29) } == true)
            }
            #expect(shown(await transport.answers([sms("c")])).first?.hasPrefix("deferred smpp_bind_") == true)
            #expect(server.connections == 1)
        }
    }

    @Test("a carrier that never answers the bind is given up")
    func silent() async throws {
        try await carrier(isKind: false, ["bind_timeout": "200ms"], mood: SMPPCarrierTests.mute) { _, transport in
            #expect(shown(await transport.answers([sms("a")])) == ["deferred bind_timeout kept"])
        }
    }

    @Test("transmitter and receiver are two binds; submits take the one, receipts come on the other")
    func apart() async throws {
        let log = EventLog()
        let mood: ScriptedSMSC.Mood = { frame, line in
            if !ScriptedSMSC.kind(frame, line) { Self.accepting(frame, line) }
            if frame.command == 0x01 { line.send(.receipt(5, "id:7 stat:DELIVRD")) }
        }
        try await carrier(isKind: false, ["bind": "transmitter_receiver"], events: log, mood: mood) { server, transport in
            #expect(await transport.answers([sms("a")]).allSatisfy { $0.outcome.name == "accepted" })
            try await eventually("the receipt's answer") { !server.frames(0x8000_0005).isEmpty }
            #expect(log.receipts.map(\.id) == ["7"])
            #expect(server.frames(0x02).count == 1 && server.frames(0x01).count == 1 && server.frames(0x09).isEmpty)
        }
    }

    @Test("run binds without being asked, N times; submits are spread over all binds")
    func many() async throws {
        try await carrier(window: 30, ["binds": "3"], mood: Self.accepting) { server, transport in
            let running = Task { try await transport.run() }
            try await eventually("three binds") { server.frames(0x09).count == 3 }
            #expect(await transport.answers((1...30).map { sms("a", id: $0) }).allSatisfy { $0.outcome.name == "accepted" })
            running.cancel()
            try await running.value
            #expect(server.frames(0x06).count == 3)
        }
    }

    @Test("enquire_link keeps the bind, and a carrier that answers none is left")
    func enquiries() async throws {
        let deaf: ScriptedSMSC.Mood = { frame, line in if frame.isBind { line.send(frame.answer()) } }
        try await carrier(isKind: false, ["enquire_link": "50ms", "enquire_link_timeout": "100ms"], mood: deaf) {
            server, transport in
            let results = await transport.answers([sms("a")])
            #expect(shown(results) == ["unknown enquire_link_timeout"])
            #expect(server.frames(0x15).count >= 1)
        }
        try await carrier(["enquire_link": "50ms"], mood: Self.accepting) { server, transport in
            _ = await transport.answers([sms("a")])
            try await eventually("three questions") { server.frames(0x15).count >= 3 }
            server.lines.first?.send(Frame(command: 0x15, sequence: 77))
            try await eventually("our answer") { server.frames(0x8000_0015).contains { $0.sequence == 77 } }
            #expect(server.connections == 1)
        }
    }

    @Test("garbage ends the bind and nothing else; messages in flight are in doubt", arguments: [0, 1, 2])
    func garbage(kind: Int) async throws {
        let bytes: [[UInt8]] = [
            Array("HTTP/1.1 400 Bad Request\r\n\r\n".utf8), Array(repeating: 0xFF, count: 100), Array(repeating: 0, count: 64),
        ]
        let isFirst = NIOLockedValueBox(true)
        let mood: ScriptedSMSC.Mood = { frame, line in
            guard frame.isSubmit else { return }
            let first = isFirst.withLockedValue { value in
                defer { value = false }
                return value
            }
            if first { line.send(bytes[kind]) } else { line.send(frame.accepted("id")) }
        }
        try await carrier(mood: mood) { server, transport in
            #expect(shown(await transport.answers([sms("a")])) == ["unknown bad_frame"])
            try await eventually("our nack") { server.frames(0x8000_0000).map(\.status) == [0x02] }
            try await eventually("a second bind") { server.frames(0x09).count == 2 }
            try await acceptsAgain(transport)
        }
    }

    @Test("a carrier that asks without end and reads no answer is not listened to for ever: memory stays bounded")
    func flood() async throws {
        let pushed = NIOLockedValueBox(0)
        let questions = (0..<512).flatMap { Frame(command: 0x15, sequence: UInt32($0 + 1)).bytes }
        let mood: ScriptedSMSC.Mood = { frame, line in
            guard frame.isSubmit else { return }
            line.stopReading()
            @Sendable func ask() {
                pushed.withLockedValue { $0 += questions.count }
                line.send(questions) { ask() }
            }
            ask()
        }
        let server = try await ScriptedSMSC(mood: mood)
        var options = try SMPPOptions(
            ProviderPolicy(
                name: "carrier", transport: "smpp", channels: [.sms],
                options: ["host": "127.0.0.1", "port": "\(server.port)", "tls": "off", "system_id": "me"]))
        options.unreadLimit = 64 << 10
        var logger = Logger(label: "test")
        logger.logLevel = .critical
        let transport = try SMPPTransport(options, logger: logger, events: RefusingEventSink())
        let collector = Collector()
        transport.submit([sms("a")]) { collector.take($0) }
        // Once all buffers between us are full it can say no more.
        var last = -1
        let end = ContinuousClock.now + .seconds(60)
        while pushed.withLockedValue({ $0 }) != last || last == 0 {
            try #require(.now < end, "it is still listened to after \(last) octets")
            last = pushed.withLockedValue { $0 }
            try await Task.sleep(for: .seconds(2))
        }
        server.lines.first?.close()
        #expect(shown(await collector.wait(for: 1)) == ["unknown connection_lost"])
        await transport.drain()
        try await server.stop()
    }

    @Test("a carrier that is away is told so at once, and found again when it is back")
    func away() async throws {
        let port = try Programs.freePort()
        let transport = try smpp(port: port)
        let results = await transport.answers((1...5).map { sms("a", id: $0) })
        #expect(shown(results) == Array(repeating: "deferred connect_refused kept", count: 5))
        #expect(results.allSatisfy { ($0.outcome.failure?.retryAfter ?? .zero) <= .seconds(1) })
        let server = try await ScriptedSMSC(port: port, mood: Self.accepting)
        try await eventually("a bind") { server.frames(0x09).count == 1 }
        try await acceptsAgain(transport)
        try await server.stop()
        // The carrier is gone in the middle of everything.
        #expect(await transport.answers([sms("c")]).allSatisfy { ["deferred", "unknown"].contains($0.outcome.name) })
        await transport.drain()
    }

    @Test("a carrier that unbinds or hangs up is bound again", arguments: [true, false])
    func unbound(politely: Bool) async throws {
        try await carrier(mood: Self.accepting) { server, transport in
            _ = await transport.answers([sms("a")])
            if politely { server.lines.first?.send(Frame(command: 0x06, sequence: 1)) } else { server.lines.first?.close() }
            try await eventually("a second bind") { server.frames(0x09).count == 2 }
            #expect(!politely || server.frames(0x8000_0006).count == 1)
            try await acceptsAgain(transport)
        }
    }

    @Test("pauses between tries double from 1 s to 60 s with full jitter; a wrong account waits from 1 to 15 minutes")
    func backoff() {
        var backoff = SMPPBackoff(random: { 1 })
        let lost = (0..<8).map { _ in backoff.pause(isConfiguration: false) }
        #expect(lost == [1, 2, 4, 8, 16, 32, 60, 60].map { .seconds($0) })
        backoff.worked()
        let wrong = (0..<6).map { _ in backoff.pause(isConfiguration: true) }
        #expect(wrong == [60, 120, 240, 480, 900, 900].map { .seconds($0) })
        var lucky = SMPPBackoff(random: { 0 })
        let short = [lucky.pause(isConfiguration: false), lucky.pause(isConfiguration: true)]
        #expect(short == [.milliseconds(50), .seconds(60)])
    }

    @Test(
        "pauses double from 1 s to 60 s with jitter, echoes of one pause do not lengthen it, and one submit tries the ground")
    func throttle() {
        var throttle = SMPPThrottle(random: { 0 })
        var now = ContinuousClock.now
        let failure = Failure(code: "t", detail: "", blame: .provider, throttled: true)
        var pauses: [Duration] = []
        for _ in 0..<8 {
            let begins = [throttle.refused(failure, now: now), throttle.refused(failure, now: now)]
            #expect(begins == [true, false])
            throttle.answered(now: now)
            #expect(throttle.allowed(10, unanswered: 0, now: now) == 0)
            guard let until = throttle.pausedUntil else { return #expect(Bool(false)) }
            pauses.append(until - now)
            now = until
            #expect(throttle.allowed(10, unanswered: 0, now: now) == 1 && throttle.allowed(10, unanswered: 1, now: now) == 0)
            #expect(throttle.refusal(now: now) == nil)
        }
        #expect(pauses == [1, 2, 4, 8, 16, 32, 60, 60].map { .seconds($0) })
        throttle.answered(now: now)
        #expect(throttle.allowed(10, unanswered: 5, now: now) == 10)
        var unlucky = SMPPThrottle(random: { 1 })
        _ = unlucky.refused(failure, now: now)
        #expect(unlucky.pausedUntil == now + .milliseconds(1500))
    }

    static func serverTLS(_ certificates: Certificates, asksForClient: Bool) throws -> NIOSSLContext {
        var configuration = TLSConfiguration.makeServerConfiguration(
            certificateChain: try NIOSSLCertificate.fromPEMFile(certificates.certificate).map { .certificate($0) },
            privateKey: .privateKey(try NIOSSLPrivateKey(file: certificates.key, format: .pem)))
        if asksForClient {
            configuration.trustRoots = .file(certificates.ca)
            configuration.certificateVerification = .noHostnameVerification
        }
        return try NIOSSLContext(configuration: configuration)
    }

    @Test("TLS verifies chain and name, sends SNI, and shows a client certificate where one is set")
    func tls() async throws {
        let directory = FileManager.default.temporaryDirectory.appending(path: "smpp-tls-\(UUID().uuidString)")
        let certificates = try await Certificates(in: directory)
        defer { Programs.discard { try FileManager.default.removeItem(at: directory) } }
        let trusted = ["tls": "required", "tls_ca_file": certificates.ca, "tls_server_name": "mail.example.test"]
        func answer(_ options: [String: String], asksForClient: Bool = false) async throws -> [String] {
            let server = try await ScriptedSMSC(
                tls: Self.serverTLS(certificates, asksForClient: asksForClient), mood: Self.accepting)
            let transport = try smpp(port: server.port, options)
            let shown = shown(await transport.answers([sms("a")]))
            await transport.drain()
            try await server.stop()
            return shown
        }
        #expect(try await answer(trusted) == ["accepted id2"])
        #expect(try await answer(["tls": "required", "tls_server_name": "mail.example.test"]) == ["deferred tls_failed kept"])
        #expect(
            try await answer(["tls": "required", "tls_ca_file": certificates.ca, "tls_server_name": "other.test"])
                == ["deferred tls_failed kept"])
        #expect(try await answer(trusted, asksForClient: true).first?.hasPrefix("deferred ") == true)
        let own = trusted.merging(["tls_certificate_file": certificates.certificate, "tls_key_file": certificates.key]) { $1 }
        #expect(try await answer(own, asksForClient: true) == ["accepted id2"])
        // A carrier without TLS gets no password.
        try await carrier(trusted, mood: Self.accepting) { server, transport in
            #expect(await transport.answers([sms("a", sendWithin: .seconds(1))])[0].outcome.name == "deferred")
            #expect(server.frames.allSatisfy { !$0.isBind })
        }
    }
}
