import CarrierSupport
import Domain
import Foundation
import Logging
import NIOConcurrencyHelpers
import NIOCore
import Testing

@testable import Callbacks
@testable import Transports

/// An SMPP provider on the loopback, for tests.
func smpp(
    port: Int, window: Int = 10, _ options: [String: String] = [:], events: any ProviderEventSink = RefusingEventSink()
) throws -> any Transport {
    var all = ["host": "127.0.0.1", "port": String(port), "tls": "off", "system_id": "me"]
    all.merge(options) { $1 }
    var logger = Logger(label: "test")
    logger.logLevel = .critical
    return try TransportFactory.make(
        ProviderPolicy(name: "carrier", transport: "smpp", channels: [.sms], window: window, options: all), logger: logger,
        events: events)
}

/// Keeps events, or refuses them until told otherwise; lets a test hold `record` open.
final class EventLog: ProviderEventSink {
    private let state = NIOLockedValueBox<(events: [ProviderEvent], batches: Int, refuses: Bool, gate: Gate?)>(
        ([], 0, false, nil))

    var events: [ProviderEvent] { state.withLockedValue { $0.events } }
    var batches: Int { state.withLockedValue { $0.batches } }
    var refuses: Bool {
        get { state.withLockedValue { $0.refuses } }
        set { state.withLockedValue { $0.refuses = newValue } }
    }
    var gate: Gate? {
        get { state.withLockedValue { $0.gate } }
        set { state.withLockedValue { $0.gate = newValue } }
    }
    var receipts: [CarrierReceipt] { events.compactMap { if case .receipt(let receipt) = $0 { receipt } else { nil } } }
    var responses: [LateResponse] { events.compactMap { if case .response(let response) = $0 { response } else { nil } } }

    func record(_ events: [ProviderEvent]) async throws {
        let (gate, refuses) = state.withLockedValue { state in
            state.batches += 1
            return (state.gate, state.refuses)
        }
        await gate?.wait()
        if refuses { throw RefusingEventSink.Refused() }
        state.withLockedValue { $0.events += events }
    }
}

/// Opened once.
final class Gate: Sendable {
    private let pair = AsyncStream<Void>.makeStream()
    func open() { pair.continuation.finish() }
    func wait() async { for await _ in pair.stream {} }
}

/// Outcome, code, whether the attempt is kept.
func shown(_ results: [SubmissionResult]) -> [String] {
    results.map { result in
        switch result.outcome {
        case .accepted(let reference): "accepted \(reference ?? "-")"
        default:
            "\(result.outcome.name) \(result.outcome.failure?.code ?? "")"
                + (result.outcome.failure?.countsAttempt == false ? " kept" : "")
        }
    }
}

/// Polls until it holds.
func eventually(_ what: String, within limit: Duration = .seconds(20), _ condition: () throws -> Bool) async throws {
    let end = ContinuousClock.now + limit
    while try !condition() {
        try #require(.now < end, "within \(limit) this did not happen: \(what)")
        try await Task.sleep(for: .milliseconds(5))
    }
}

/// Returns when a message is accepted: until the next bind is answered messages are told at once that there is none.
func acceptsAgain(_ transport: any Transport, within limit: Duration = .seconds(20)) async throws {
    let end = ContinuousClock.now + limit
    while true {
        let results = await transport.answers([sms("again", id: 99)])
        if results.allSatisfy({ $0.outcome.name == "accepted" }) { return }
        try #require(.now < end, "within \(limit) nothing was accepted: \(shown(results))")
        try await Task.sleep(for: .milliseconds(10))
    }
}

/// Serves for the time of `body`, then stops; the transport is drained.
func carrier(
    isKind: Bool = true, window: Int = 10, _ options: [String: String] = [:],
    events: any ProviderEventSink = RefusingEventSink(),
    mood: @escaping ScriptedSMSC.Mood, _ body: (ScriptedSMSC, any Transport) async throws -> Void
) async throws {
    let server = try await ScriptedSMSC(isKind: isKind, mood: mood)
    let transport = try smpp(port: server.port, window: window, options, events: events)
    do { try await body(server, transport) } catch {
        await transport.drain()
        try await server.stop()
        throw error
    }
    await transport.drain()
    try await server.stop()
}

@Suite("SMPP against a carrier of many moods", .serialized, .timeLimit(.minutes(3)))
struct SMPPCarrierTests {
    static let accepting: ScriptedSMSC.Mood = { frame, line in
        if frame.isSubmit { line.send(frame.accepted("id\(frame.sequence)")) }
    }

    /// Returns when a first message, to `+44700`, is accepted: nothing that is timed after it waits for a bind.
    func bound(_ transport: any Transport) async throws {
        #expect(await transport.answers([sms("hello", id: 100, to: "+44700")]).allSatisfy { $0.outcome.name == "accepted" })
    }

    static let mute: ScriptedSMSC.Mood = { _, _ in }
    /// All but `+44700`.
    static let throttling: ScriptedSMSC.Mood = { frame, line in
        guard frame.isSubmit else { return }
        line.send(frame.destination == "44700" ? frame.accepted("id\(frame.sequence)") : frame.answer(0x58))
    }

    @Test("300 submits over one bind, never more than the window unanswered", arguments: [1, 10, 100])
    func window(size: Int) async throws {
        // Answers what has gathered within 2 ms, last first.
        let held = NIOLockedValueBox<[Frame]>([])
        let most = NIOLockedValueBox(0)
        let mood: ScriptedSMSC.Mood = { frame, line in
            guard frame.isSubmit else { return }
            let isFirst = held.withLockedValue { held in
                held.append(frame)
                most.withLockedValue { $0 = max($0, held.count) }
                return held.count == 1
            }
            guard isFirst else { return }
            line.sendLater(.milliseconds(1), Frame(command: 0x15, sequence: 1))
            DispatchQueue.global().asyncAfter(deadline: .now() + .milliseconds(2)) {
                let all = held.withLockedValue { held in
                    defer { held = [] }
                    return held
                }
                for frame in all.reversed() { line.send(frame.accepted("id\(frame.sequence)")) }
            }
        }
        try await carrier(window: 1000, ["bind_window": "\(size)"], mood: mood) { server, transport in
            let results = await transport.answers((1...300).map { sms("hello", id: $0) })
            #expect(results.allSatisfy { $0.outcome.name == "accepted" })
            #expect(most.withLockedValue { $0 } <= size)
            #expect(server.frames.first?.isBind == true && server.frames(0x09).count == 1)
            #expect(server.frames(0x8000_0015).count > 0)
            let sequences = server.frames.filter { $0.command & 0x8000_0000 == 0 }.map(\.sequence)
            #expect(Set(sequences).count == sequences.count)
        }
    }

    @Test("answers out of order, without a body, and nacks find their messages")
    func answers() async throws {
        let held = NIOLockedValueBox<[Frame]>([])
        let mood: ScriptedSMSC.Mood = { frame, line in
            guard frame.isSubmit else { return }
            let all = held.withLockedValue { held in
                held.append(frame)
                return held
            }
            guard all.count == 5 else { return }
            line.send(
                all[4].accepted("e"), all[2].answer(0x0B), all[0].answer(),
                Frame(command: 0x8000_0000, status: 0x02, sequence: all[3].sequence), all[1].answer(0x45, Array("x\0".utf8)))
        }
        try await carrier(mood: mood) { _, transport in
            let results = await transport.answers((1...5).map { sms("hello", id: $0) })
            #expect(
                shown(results) == [
                    "accepted -", "deferred smpp_0x45", "rejected smpp_0x0b", "rejected smpp_0x02", "accepted e",
                ])
        }
    }

    @Test("throttled: the account pauses for a second, goes on with the throttled message, and no attempt is counted")
    func throttled() async throws {
        let refused = NIOLockedValueBox(0)
        let mood: ScriptedSMSC.Mood = { frame, line in
            guard frame.isSubmit else { return }
            let isFirst = refused.withLockedValue { count in
                count += 1
                return count <= 3
            }
            line.send(isFirst ? frame.answer(0x58) : frame.accepted("id"))
        }
        try await carrier(["bind_window": "3"], mood: mood) { server, transport in
            let start = ContinuousClock.now
            let results = await transport.answers((1...6).map { sms("hello", id: $0, to: "+4479\($0)") })
            #expect(shown(results) == Array(repeating: "accepted id", count: 6))
            #expect(.now - start >= .seconds(1))
            // Three were refused; one of them alone tried the ground, and the new ones came after.
            let sent = server.frames(0x04).map(\.destination)
            #expect(sent.count == 9 && ["44791", "44792", "44793"].contains(sent[3]), "\(sent)")
        }
    }

    @Test("what cannot wait for the end of a pause goes back at once, with the attempt; another account does not notice")
    func throttledLong() async throws {
        try await carrier(mood: Self.throttling) { _, throttled in
            try await carrier(mood: Self.accepting) { _, free in
                // Bound before anything is timed.
                for transport in [throttled, free] { try await bound(transport) }
                let results = await throttled.answers((1...3).map { sms("hello", id: $0, sendWithin: .milliseconds(900)) })
                for result in results {
                    let failure = try #require(result.outcome.failure)
                    #expect(result.outcome.name == "deferred" && failure.throttled && !failure.countsAttempt, "\(result)")
                    #expect(failure.retryAfter.map { $0 <= .milliseconds(1500) } == true)
                }
                // It would not wait for the end of a pause either.
                #expect(shown(await free.answers([sms("hello", sendWithin: .milliseconds(900))])) == ["accepted id3"])
            }
        }
    }

    @Test("a full queue is tried four times with one message, then it goes back; others pass meanwhile")
    func queueFull() async throws {
        let mood: ScriptedSMSC.Mood = { frame, line in
            if frame.isSubmit { line.send(frame.destination == "44791" ? frame.answer(0x14) : frame.accepted("id")) }
        }
        try await carrier(["bind_window": "1"], mood: mood) { server, transport in
            let results = await transport.answers(
                (1...3).map { sms("hello", id: $0, to: "+4479\($0)", sendWithin: .seconds(20)) })
            #expect(shown(results) == ["deferred smpp_0x14", "accepted id", "accepted id"])
            let sent = server.frames(0x04).map(\.destination)
            #expect(sent.filter { $0 == "44791" }.count == 4 && Set(sent[1...2]) == ["44792", "44793"], "\(sent)")
        }
    }

    @Test("a nack with a foreign number closes the bind; what was outstanding is in doubt, and the next bind works")
    func foreignNack() async throws {
        let isFirst = NIOLockedValueBox(true)
        let mood: ScriptedSMSC.Mood = { frame, line in
            guard frame.isSubmit else { return }
            let first = isFirst.withLockedValue { value in
                defer { value = false }
                return value
            }
            line.send(first ? Frame(command: 0x8000_0000, status: 0x03, sequence: 9999) : frame.accepted("id"))
        }
        try await carrier(mood: mood) { server, transport in
            #expect(shown(await transport.answers([sms("hello")])) == ["unknown foreign_nack"])
            try await eventually("a second bind") { server.frames(0x09).count == 2 }
            try await acceptsAgain(transport)
        }
    }

    @Test("a lost answer is unknown; one that comes late is evidence for its message")
    func late() async throws {
        let log = EventLog()
        let mood: ScriptedSMSC.Mood = { frame, line in
            if frame.isSubmit, frame.destination == "44700" { line.send(frame.accepted("id")) }
            if frame.isSubmit, frame.destination == "44792" { line.sendLater(.seconds(2), frame.accepted("late")) }
        }
        try await carrier(events: log, mood: mood) { _, transport in
            try await bound(transport)
            let results = await transport.answers(
                (1...2).map { sms("hello", id: $0, attempt: 3, to: "+4479\($0)", answerWithin: .seconds(1)) })
            #expect(shown(results) == ["unknown no_answer", "unknown no_answer"])
            try await eventually("the late answer") { !log.responses.isEmpty }
            #expect(
                log.responses == [
                    LateResponse(
                        provider: "carrier", messageID: MessageID(2), attempt: 3, part: 1, parts: 1,
                        outcome: .accepted(reference: "late"))
                ])
        }
    }

    @Test("a long text is accepted with the ids of all its parts; in part it is a doubt, and the ids are kept")
    func parts() async throws {
        let log = EventLog()
        let mood: ScriptedSMSC.Mood = { frame, line in
            guard frame.isSubmit else { return }
            // Not one alone: the parts' common reference is a random octet.
            let isSecond = frame.body.count { $0 == 0x7A } > 100
            line.send(frame.destination == "44792" && isSecond ? frame.answer(0x0A) : frame.accepted("p\(frame.sequence)"))
        }
        let text = String(repeating: "a", count: 153) + String(repeating: "z", count: 153)
        try await carrier(["bind_window": "1"], events: log, mood: mood) { server, transport in
            #expect(shown(await transport.answers([sms(text, to: "+44791")])) == ["accepted p2,p3"])
            #expect(shown(await transport.answers([sms(text, id: 2, to: "+44792")])) == ["unknown sent_in_part"])
            try await eventually("the first part's id") { !log.responses.isEmpty }
            #expect(log.responses.map(\.outcome) == [.accepted(reference: "p4")])
            #expect(log.responses.map(\.part) == [1] && log.responses.map(\.parts) == [2])
        }
    }

    @Test("sendBy: what could not leave in time is deferred and keeps its attempt")
    func deadline() async throws {
        let mood: ScriptedSMSC.Mood = { frame, line in
            if frame.isSubmit, frame.destination == "44700" { line.send(frame.accepted("id")) }
        }
        try await carrier(["bind_window": "1"], mood: mood) { _, transport in
            try await bound(transport)
            let results = await transport.answers([
                sms("a", id: 1, answerWithin: .seconds(2)), sms("b", id: 2, sendWithin: .milliseconds(300)),
            ])
            #expect(shown(results) == ["unknown no_answer", "deferred deadline_passed kept"])
        }
    }

    @Test("more than the window is refused unwritten, and urgent texts leave first")
    func windowFull() async throws {
        try await carrier(window: 3, ["bind_window": "1"], mood: Self.accepting) { server, transport in
            let results = await transport.answers((1...4).map { sms("a", id: $0, to: "+4479\($0)", urgent: $0 == 3) })
            #expect(shown(results).last == "deferred window_full kept")
            #expect(server.frames(0x04).map(\.destination).first == "44793")
        }
    }

    @Test("drain answers what waits, awaits what is on its way, unbinds, and takes no more work", arguments: [true, false])
    func drain(answers: Bool) async throws {
        let mood: ScriptedSMSC.Mood = { frame, line in
            if frame.isSubmit { line.sendLater(.milliseconds(300), frame.accepted("id")) }
            if frame.isBind || frame.command == 0x15 { _ = ScriptedSMSC.kind(frame, line) }
            if frame.command == 0x06 { if answers { line.send(frame.answer()) } else { line.close() } }
        }
        let server = try await ScriptedSMSC(isKind: false, mood: mood)
        let transport = try smpp(port: server.port, ["bind_window": "1"])
        let collector = Collector()
        transport.submit([sms("a", id: 1), sms("b", id: 2)]) { collector.take($0) }
        try await eventually("the first submit") { server.frames(0x04).count == 1 }
        await transport.drain()
        #expect(shown(collector.results.sorted { $0.messageID < $1.messageID }) == ["accepted id", "deferred not_sent kept"])
        #expect(server.frames.last?.command == 0x06)
        #expect(shown(await transport.answers([sms("c")])) == ["deferred not_sent kept"])
        try await server.stop()
    }
}
