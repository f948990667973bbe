import CarrierSupport
import Domain
import Foundation
import NIOConcurrencyHelpers
import NIOCore
import Testing

@testable import Callbacks
@testable import Transports

@Suite("SMPP receipts on their way", .serialized, .timeLimit(.minutes(2)))
struct SMPPReceiptFlowTests {
    /// Answers of ours to deliver_sm and data_sm, as `sequence:status`.
    static func answers(_ server: ScriptedSMSC) -> [String] {
        server.frames.filter { [0x8000_0005, 0x8000_0103].contains($0.command) }.map { "\($0.sequence):\($0.status)" }
    }

    @Test("a delivery is answered after it is durable and not before, many in one batch")
    func durable() async throws {
        let log = EventLog()
        let gate = Gate()
        log.gate = gate
        try await carrier(events: log, mood: SMPPCarrierTests.accepting) { server, transport in
            _ = await transport.answers([sms("a")])
            let line = try #require(server.lines.first)
            line.send(.receipt(100, "id:0 stat:DELIVRD"))
            try await eventually("the first batch") { log.batches == 1 }
            for number in 1...200 { line.send(.receipt(100 + UInt32(number), "id:\(number) stat:DELIVRD")) }
            line.send(Frame(command: 0x15, sequence: 999))
            try await eventually("an answer to what came after") { server.frames(0x8000_0015).count == 1 }
            #expect(Self.answers(server).isEmpty && log.events.isEmpty)
            gate.open()
            try await eventually("all answers") { Self.answers(server).count == 201 }
            #expect(Self.answers(server).allSatisfy { $0.hasSuffix(":0") })
            #expect(log.receipts.map(\.id) == (0...200).map { "\($0)" })
            #expect(log.batches <= 4)
        }
    }

    @Test("what cannot be kept is refused with ESME_RX_T_APPN, and taken when the carrier tries again")
    func refused() async throws {
        let log = EventLog()
        log.refuses = true
        try await carrier(events: log, mood: SMPPCarrierTests.accepting) { server, transport in
            _ = await transport.answers([sms("a")])
            let line = try #require(server.lines.first)
            line.send(.receipt(100, "id:1 stat:DELIVRD"))
            try await eventually("a refusal") { Self.answers(server) == ["100:100"] }
            log.refuses = false
            line.send(.receipt(101, "id:1 stat:DELIVRD"))
            try await eventually("an acceptance") { Self.answers(server).last == "101:0" }
            #expect(log.receipts.count == 1)
        }
    }

    @Test("a program that only submits leaves receipts with the carrier")
    func unknownIDs() async throws {
        try await carrier(mood: SMPPCarrierTests.accepting) { server, transport in
            _ = await transport.answers([sms("a")])
            server.lines.first?.send(.receipt(100, "id:1 stat:DELIVRD"))
            try await eventually("a refusal") { Self.answers(server) == ["100:100"] }
        }
    }

    @Test("receipts before the answer, on another bind, and repeated all arrive, each as often as it came")
    func moods() async throws {
        let log = EventLog()
        let lines = NIOLockedValueBox<[ScriptedSMSC.Line]>([])
        let mood: ScriptedSMSC.Mood = { frame, line in
            if ScriptedSMSC.kind(frame, line) {
                if frame.isBind { lines.withLockedValue { $0.append(line) } }
                return
            }
            guard frame.isSubmit else { return }
            let other = lines.withLockedValue { $0.first { $0.number != line.number } } ?? line
            let text = "id:\(frame.sequence) stat:DELIVRD"
            line.send(.receipt(500, text))
            line.sendLater(.milliseconds(20), frame.accepted("\(frame.sequence)"))
            other.sendLater(.milliseconds(40), .receipt(501, text), .receipt(502, text))
        }
        try await carrier(isKind: false, ["binds": "2"], events: log, mood: mood) { server, transport in
            let running = Task { try await transport.run() }
            defer { running.cancel() }
            try await eventually("two binds") { lines.withLockedValue { $0.count } == 2 }
            let results = await transport.answers([sms("a")])
            try await eventually("three receipts") { log.receipts.count == 3 }
            let id = try #require(log.receipts.first?.id)
            #expect(shown(results) == ["accepted \(id)"])
            #expect(log.receipts.allSatisfy { $0.id == id && $0.isFinal })
            try await eventually("three answers") { Self.answers(server).sorted() == ["500:0", "501:0", "502:0"] }
        }
    }

    @Test("an id that comes back in decimal matches the one that was given in hexadecimal")
    func decimal() async throws {
        let log = EventLog()
        let mood: ScriptedSMSC.Mood = { frame, line in
            guard frame.isSubmit else { return }
            line.send(frame.accepted("4F1C2"))
            line.send(.receipt(1, "id:0000324034 stat:UNDELIV err:011"))
        }
        try await carrier(events: log, mood: mood) { _, transport in
            let results = await transport.answers([sms("a")])
            guard case .accepted(let reference?) = results[0].outcome else { return #expect(Bool(false)) }
            try await eventually("the receipt") { log.receipts.count == 1 }
            let receipt = log.receipts[0]
            let known = CarrierReference.parts(reference).map { CarrierID.Known(id: $0, recipient: "+8613900000000") }
            #expect(CarrierID.match(receipt.id ?? "", from: receipt.recipient, among: known) == .one(0))
            #expect(receipt.error == "011" && receipt.state == .undeliverable)
        }
    }

    @Test("drain waits until what was delivered is durable and answered")
    func drain() async throws {
        let log = EventLog()
        let gate = Gate()
        log.gate = gate
        let server = try await ScriptedSMSC(mood: SMPPCarrierTests.accepting)
        let transport = try smpp(port: server.port, events: log)
        _ = await transport.answers([sms("a")])
        server.lines.first?.send(.receipt(100, "id:1 stat:DELIVRD"))
        try await eventually("the batch") { log.batches == 1 }
        async let drained: Void = transport.drain()
        #expect(server.frames(0x06).isEmpty)
        gate.open()
        await drained
        #expect(Self.answers(server) == ["100:0"] && server.frames.last?.command == 0x06)
        try await server.stop()
    }
}
