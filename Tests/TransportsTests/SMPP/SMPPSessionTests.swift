import NIOCore
import Testing

@testable import Transports

/// Plays the carrier against a session, with a clock of its own; what the session did is written down in short.
struct Bind {
    var session: SMPPSession<Int>
    var now = ContinuousClock.now
    var log: [String] = []
    /// Sequence numbers of what was written, by command.
    var sent: [(command: SMPPCommand, status: SMPPStatus, sequence: UInt32)] = []
    private var reader = SMPPDecoder()

    init(_ configuration: SMPPSessionConfiguration = .init(), firstSequence: UInt32 = 1) {
        session = SMPPSession(configuration, firstSequence: firstSequence)
    }

    /// Bound, with an empty log.
    static func bound(window: Int = 10, firstSequence: UInt32 = 1, maximumDeliveries: Int = 1000) -> Bind {
        var configuration = SMPPSessionConfiguration()
        configuration.window = window
        configuration.maximumDeliveries = maximumDeliveries
        var bind = Bind(configuration, firstSequence: firstSequence)
        bind.start()
        bind.peer(.bindResponse(.transceiver, systemID: "carrier", version: nil), bind.sent[0].sequence)
        precondition(bind.session.state == .bound)
        (bind.log, bind.sent) = ([], [])
        return bind
    }

    mutating func start() {
        session.start(now: now)
        note([])
    }

    mutating func peer(_ body: SMPPPDU.Body, _ sequence: UInt32, _ status: SMPPStatus = .ok) {
        peer(encoded(SMPPPDU(status: status, sequence: sequence, body: body)))
    }

    mutating func peer(_ bytes: [UInt8]) {
        var actions: [SMPPSession<Int>.Action] = []
        var buffer = ByteBuffer(bytes: bytes)
        session.received(&buffer, now: now, &actions)
        note(actions)
    }

    mutating func submit(_ tickets: Int..., answerWithin: Duration = .seconds(60)) {
        for ticket in tickets {
            session.submit(
                SMPPEncoder.submitBody(SMPPCodecTests.message), ticket: ticket, answerBy: now + answerWithin, now: now)
        }
        note([])
    }

    mutating func pass(_ duration: Duration) {
        now += duration
        var actions: [SMPPSession<Int>.Action] = []
        session.tick(now: now, &actions)
        note(actions)
    }

    mutating func act(_ body: (inout SMPPSession<Int>, ContinuousClock.Instant, inout [SMPPSession<Int>.Action]) -> Void) {
        var actions: [SMPPSession<Int>.Action] = []
        body(&session, now, &actions)
        note(actions)
    }

    mutating func note(_ actions: [SMPPSession<Int>.Action]) {
        if let taken = session.takeOutput() {
            var output = taken.first
            if let rest = taken.rest { output.writeImmutableBuffer(rest) }
            reader.append(&output)
            while let input = reader.next() {
                guard case .pdu(let pdu) = input else { preconditionFailure("\(input)") }
                sent.append((pdu.command, pdu.status, pdu.sequence))
                let name = "\(pdu.body)".prefix { $0.isLetter }
                log.append("> \(name)\(pdu.status == .ok ? "" : " \(pdu.status)")")
            }
        }
        for action in actions {
            switch action {
            case .bound(let peer): log.append("bound \(peer)")
            case .answered(let ticket, let answer, _): log.append("\(ticket) \(Self.short(answer))")
            case .late(let ticket, let answer): log.append("late \(ticket) \(Self.short(answer))")
            case .deliver(let delivery, _): log.append("deliver \(delivery.sequence)")
            case .stray(let sequence): log.append("stray \(sequence)")
            case .close(let end): log.append("close \(end.code)")
            }
        }
    }

    private static func short(_ answer: SMPPAnswer) -> String {
        switch answer {
        case .response(let status, let id): "\(status) \(id ?? "-")"
        case .noAnswer: "none"
        case .lost(let end): "lost \(end.code)"
        case .unwritten(let end): "unwritten \(end.code)"
        }
    }

    /// The log since the last call.
    mutating func news() -> [String] {
        defer { log = [] }
        return log
    }
}

@Suite("SMPP session")
struct SMPPSessionTests {
    @Test("the bind says 3.4 and goes alone; submits may leave once it is answered", arguments: SMPPBindMode.allCases)
    func binds(mode: SMPPBindMode) throws {
        var configuration = SMPPSessionConfiguration()
        configuration.mode = mode
        configuration.bind = SMPPBind(systemID: "me", password: "secret")
        var bind = Bind(configuration)
        bind.start()
        #expect(bind.session.free == 0)
        #expect(bind.sent.map(\.command) == [mode.command])
        bind.pass(.seconds(29))
        #expect(bind.news() == ["> bind"])
        bind.peer(.bindResponse(mode, systemID: "carrier", version: 0x34), bind.sent[0].sequence)
        #expect(bind.news() == ["bound carrier"])
        #expect(bind.session.free == (mode == .receiver ? 0 : 10))
        #expect(configuration.bind.interfaceVersion == 0x34)
    }

    @Test(
        "a refused bind ends, whatever the status; so does one that is not answered for 30 s",
        arguments: [0x0D, 0x0E, 0x0F, 0x05, 0x58] as [UInt32])
    func refused(status: UInt32) {
        var bind = Bind()
        bind.start()
        // Without a body, as errors may come.
        bind.peer(octets("00000010 80000009 000000" + SMPPStatus(status).description.dropFirst(2) + "00000001"))
        #expect(bind.news() == ["> bind", "close smpp_bind_\(SMPPStatus(status))"])
        var silent = Bind()
        silent.start()
        silent.pass(.seconds(30))
        #expect(silent.news() == ["> bind", "close bind_timeout"])
        var nacked = Bind()
        nacked.start()
        nacked.peer(.genericNack, 1, .invalidCommand)
        #expect(nacked.news() == ["> bind", "close smpp_bind_0x03"])
    }

    @Test("the peer is asked after 30 s of silence, dropped 10 s later, and anything it says counts as life")
    func enquires() {
        var bind = Bind.bound()
        bind.pass(.seconds(29))
        #expect(bind.news() == [])
        bind.pass(.seconds(1))
        #expect(bind.news() == ["> enquireLink"])
        bind.pass(.seconds(9))
        bind.peer(.enquireLinkResponse, bind.sent[0].sequence)
        bind.pass(.seconds(29))
        #expect(bind.news() == [])
        bind.pass(.seconds(1))
        // Some centres do not know enquire_link; they are there all the same.
        bind.peer(.genericNack, bind.sent[1].sequence, .invalidCommand)
        bind.pass(.seconds(30))
        #expect(bind.news() == ["> enquireLink", "> enquireLink"])
        bind.submit(1)
        bind.pass(.seconds(10))
        #expect(bind.news() == ["> submit", "1 lost enquire_link_timeout", "close enquire_link_timeout"])
    }

    @Test("the peer's enquire_link is answered at once, before the bind's answer as well")
    func answersEnquiries() {
        var bind = Bind()
        bind.start()
        bind.peer(.enquireLink, 77)
        #expect(bind.news() == ["> bind", "> enquireLinkResponse"])
        #expect(bind.sent.last?.sequence == 77)
        bind.peer(.deliver(SMPPCodecTests.message), 78)
        #expect(bind.news() == ["> deliverResponse 0x04"])
    }

    @Test("the window is kept, a window of one as well, and answers come in any order", arguments: [1, 2, 10])
    func window(size: Int) {
        var bind = Bind.bound(window: size)
        for ticket in 0..<size { bind.submit(ticket) }
        #expect(bind.session.free == 0 && bind.session.unanswered == size)
        for ticket in (0..<size).reversed() { bind.peer(.submitResponse(id: "i\(ticket)"), bind.sent[ticket].sequence) }
        #expect(bind.session.free == size)
        #expect(bind.log.suffix(size) == (0..<size).reversed().map { "\($0) 0x00 i\($0)" }[...])
    }

    @Test("sequence numbers run to 0x7FFFFFFF, start again at 1, and pass over what is outstanding")
    func sequences() {
        var bind = Bind.bound(firstSequence: 0x7FFF_FFFD)
        bind.submit(1, 2, 3)
        #expect(bind.sent.map(\.sequence) == [0x7FFF_FFFE, 0x7FFF_FFFF, 1])
        // Round once: the numbers that are outstanding, and one given up for lost, are not taken again.
        var wrapped = Bind.bound()
        wrapped.submit(1, answerWithin: .seconds(5))
        wrapped.submit(2)
        wrapped.pass(.seconds(5))
        wrapped.session.lastSequence = 0x7FFF_FFFF
        wrapped.submit(3, 4)
        #expect(wrapped.sent.map(\.sequence) == [2, 3, 1, 4])
    }

    @Test("an error without a body answers its submit; a nack of its number does, too")
    func errors() {
        var bind = Bind.bound()
        bind.submit(1, 2)
        bind.peer(octets("00000010 80000004 0000000b 00000002"))
        bind.peer(.genericNack, 3, .throttled)
        #expect(bind.news() == ["> submit", "> submit", "1 0x0b -", "2 0x58 -"])
        #expect(bind.session.state == .bound)
    }

    @Test(
        "a nack with a foreign number ends the bind, and what was outstanding is in doubt", arguments: [0, 4711] as [UInt32])
    func foreignNack(sequence: UInt32) {
        var bind = Bind.bound()
        bind.submit(1, 2)
        bind.peer(.genericNack, sequence, .invalidLength)
        #expect(
            bind.news() == ["> submit", "> submit", "1 lost foreign_nack", "2 lost foreign_nack", "close foreign_nack"])
    }

    @Test("a response with a foreign number answers nothing")
    func stray() {
        var bind = Bind.bound()
        bind.submit(1)
        bind.peer(.submitResponse(id: "x"), 99)
        bind.peer(.submitResponse(id: "y"), bind.sent[0].sequence)
        bind.peer(.submitResponse(id: "y"), bind.sent[0].sequence)
        #expect(bind.news() == ["> submit", "stray 99", "1 0x00 y", "stray 2"])
    }

    @Test("no answer in time is no answer, its place is free, and the late answer still finds its message")
    func late() {
        var bind = Bind.bound(window: 1)
        bind.submit(1, answerWithin: .seconds(5))
        bind.pass(.seconds(5))
        #expect(bind.news() == ["> submit", "1 none"])
        #expect(bind.session.free == 1)
        bind.submit(2)
        bind.peer(.submitResponse(id: "a"), bind.sent[0].sequence)
        bind.peer(.submitResponse(id: "b"), bind.sent[1].sequence)
        bind.peer(.submitResponse(id: "a"), bind.sent[0].sequence)
        #expect(bind.news() == ["> submit", "late 1 0x00 a", "2 0x00 b", "stray 2"])
        bind.submit(3, answerWithin: .seconds(5))
        bind.pass(.seconds(5))
        bind.peer(.genericNack, bind.sent[2].sequence, .invalidLength)
        #expect(bind.news() == ["> submit", "3 none", "late 3 0x02 -"])
    }

    @Test("numbers given up are remembered up to a limit")
    func lateLimit() {
        var configuration = SMPPSessionConfiguration()
        configuration.maximumAbandoned = 2
        var bind = Bind(configuration)
        bind.start()
        bind.peer(.bindResponse(.transceiver, systemID: "", version: nil), 1)
        for ticket in 1...3 {
            bind.submit(ticket, answerWithin: .seconds(1))
            bind.pass(.seconds(1))
        }
        bind.log = []
        for sequence in bind.sent.dropFirst().map(\.sequence) { bind.peer(.submitResponse(id: ""), sequence) }
        #expect(bind.news() == ["stray 2", "late 2 0x00 ", "late 3 0x00 "])
    }

    @Test("a delivery is answered when told so and not before; too many at once stay with the carrier")
    func deliveries() {
        var bind = Bind.bound(maximumDeliveries: 2)
        bind.peer(.deliver(SMPPCodecTests.message), 1)
        bind.peer(.data(SMPPCodecTests.data), 2)
        bind.peer(.deliver(SMPPCodecTests.message), 3)
        #expect(bind.news() == ["deliver 1", "deliver 2", "> deliverResponse 0x64"])
        bind.act { $0.acknowledge(SMPPDelivery(sequence: 2, isData: true), .ok, now: $1, &$2) }
        bind.act { $0.acknowledge(SMPPDelivery(sequence: 1, isData: false), .temporaryReceiverError, now: $1, &$2) }
        #expect(bind.news() == ["> dataResponse", "> deliverResponse 0x64"])
        #expect(bind.sent.map(\.sequence) == [3, 2, 1])
        bind.peer(.deliver(SMPPCodecTests.message), 4)
        #expect(bind.news() == ["deliver 4"])
    }

    @Test("bad input has the answers of the standard")
    func badInput() {
        var bind = Bind.bound()
        bind.peer(octets("00000010 00000999 00000000 00000005"))
        bind.peer(octets("00000011 00000005 00000000 00000006 41"))
        bind.peer(octets("00000011 00000103 00000000 00000007 41"))
        // A response cannot be answered.
        bind.peer(octets("00000015 80000009 00000000 00000008 00 0210 00ff"))
        bind.peer(.submit(SMPPCodecTests.message), 9)
        #expect(
            bind.news() == [
                "> genericNack 0x03", "> deliverResponse 0x02", "> dataResponse 0x02", "> genericNack 0x03",
            ])
        #expect(bind.sent.map(\.sequence) == [5, 6, 7, 9])
        bind.submit(1)
        bind.peer(octets("00000009 00000005 00000000 0000000a"))
        #expect(bind.news() == ["> submit", "> genericNack 0x02", "1 lost bad_frame", "close bad_frame"])
        bind.peer(.enquireLink, 11)
        #expect(bind.news() == [])
    }

    @Test(
        "drain waits for answers and deliveries, then unbinds; the peer answers or simply closes", arguments: [true, false])
    func drain(answers: Bool) {
        var bind = Bind.bound()
        bind.submit(1)
        bind.peer(.deliver(SMPPCodecTests.message), 50)
        bind.act { $0.drain(now: $1, &$2) }
        #expect(bind.session.free == 0)
        bind.peer(.submitResponse(id: "a"), bind.sent[0].sequence)
        #expect(bind.news() == ["> submit", "deliver 50", "1 0x00 a"])
        bind.act { $0.acknowledge(SMPPDelivery(sequence: 50, isData: false), .ok, now: $1, &$2) }
        #expect(bind.news() == ["> deliverResponse", "> unbind"])
        bind.peer(.deliver(SMPPCodecTests.message), 51)
        #expect(bind.news() == ["> deliverResponse 0x64"])
        if answers {
            bind.peer(.unbindResponse, 3)
        } else {
            bind.act { $0.connectionClosed("", now: $1, &$2) }
        }
        #expect(bind.news() == ["close unbound"])
    }

    @Test("an unbind without an answer ends after 5 s; one that crosses the peer's ends at once")
    func unbinds() {
        var bind = Bind.bound()
        bind.act { $0.drain(now: $1, &$2) }
        bind.pass(.seconds(5))
        #expect(bind.news() == ["> unbind", "close unbound"])
        var crossed = Bind.bound()
        crossed.act { $0.drain(now: $1, &$2) }
        crossed.peer(.unbind, 9)
        #expect(crossed.news() == ["> unbind", "> unbindResponse", "close unbound"])
    }

    @Test("the peer's unbind is answered, and what was outstanding is in doubt; so it is when the connection breaks")
    func peerUnbinds() {
        var bind = Bind.bound()
        bind.submit(1)
        bind.peer(.unbind, 9)
        #expect(bind.news() == ["> submit", "> unbindResponse", "1 lost unbound_by_peer", "close unbound_by_peer"])
        var broken = Bind.bound()
        broken.submit(1)
        broken.act { $0.connectionClosed("reset", now: $1, &$2) }
        broken.act { $0.connectionClosed("reset", now: $1, &$2) }
        #expect(broken.news() == ["> submit", "1 lost connection_lost", "close connection_lost"])
    }

    @Test("whatever octets come, every submit is answered exactly once")
    func fuzz() {
        var random = Seeded(state: 4711)
        let bodies = SMPPCodecTests.all
        for round in 0..<400 {
            var bind = Bind.bound(window: 5)
            bind.submit(1, 2, 3)
            for _ in 0..<20 {
                var bytes = encoded(
                    SMPPPDU(
                        status: SMPPStatus(.random(in: 0...2, using: &random)), sequence: .random(in: 0...6, using: &random),
                        body: bodies.randomElement(using: &random) ?? .unbind))
                if Int.random(in: 0...3, using: &random) == 0 {
                    bytes[Int.random(in: 0..<bytes.count, using: &random)] = .random(in: 0...255, using: &random)
                }
                bind.peer(bytes)
                if Int.random(in: 0...9, using: &random) == 0 { bind.pass(.seconds(Int64.random(in: 1...70, using: &random))) }
            }
            bind.act { $0.connectionClosed("", now: $1, &$2) }
            for ticket in 1...3 { #expect(bind.log.count { $0.hasPrefix("\(ticket) ") } == 1, "round \(round): \(bind.log)") }
        }
    }
}
