import Foundation
import NIOCore
import Testing

@testable import Transports

/// `00 1f` → octets.
func octets(_ hex: String) -> [UInt8] {
    let digits = hex.filter { !$0.isWhitespace }
    return stride(from: 0, to: digits.count, by: 2).compactMap { at in
        let start = digits.index(digits.startIndex, offsetBy: at)
        return UInt8(digits[start..<digits.index(start, offsetBy: 2)], radix: 16)
    }
}

/// Everything that comes out of these octets, given in pieces of `size`.
func decoded(_ bytes: [UInt8], pieces size: Int = .max) -> [SMPPInput] {
    var decoder = SMPPDecoder()
    var inputs: [SMPPInput] = []
    var rest = bytes[...]
    while !rest.isEmpty {
        var piece = ByteBuffer(bytes: rest.prefix(size))
        rest = rest.dropFirst(size)
        decoder.append(&piece)
        while let input = decoder.next() { inputs.append(input) }
    }
    return inputs
}

func encoded(_ pdus: SMPPPDU...) -> [UInt8] {
    var buffer = ByteBuffer()
    for pdu in pdus { SMPPEncoder.write(pdu, into: &buffer) }
    return Array(buffer.readableBytesView)
}

@Suite("SMPP codec")
struct SMPPCodecTests {
    static let message = SMPPMessage(
        serviceType: "CMT", source: SMPPAddress(ton: 5, npi: 0, digits: "Shop"),
        destination: SMPPAddress(ton: 1, npi: 1, digits: "8613900000000"), esmClass: 0x40, protocolID: 1, priority: 2,
        scheduleTime: "", validityPeriod: "000001000000000R", registeredDelivery: 1, replaceIfPresent: 0, dataCoding: 8,
        defaultMessageID: 3, shortMessage: [5, 0, 3, 9, 2, 1, 0x59, 0x7D],
        parameters: [SMPPParameter(tag: .sarReference, value: [0, 7])])
    static let data = SMPPMessage(
        source: SMPPAddress(ton: 1, npi: 1, digits: "1"), destination: SMPPAddress(digits: "2"), esmClass: 4,
        registeredDelivery: 0, dataCoding: 3, parameters: [SMPPParameter(tag: .messagePayload, value: [0x41])])
    static let bind = SMPPBind(
        systemID: "me", password: "secret", systemType: "VMA", addressRange: SMPPAddress(ton: 1, npi: 1, digits: "^44"))
    static let all: [SMPPPDU.Body] = [
        .bind(.transceiver, bind), .bind(.transmitter, bind), .bind(.receiver, bind),
        .bindResponse(.transceiver, systemID: "them", version: 0x34), .bindResponse(.receiver, systemID: "", version: nil),
        .submit(message), .submitResponse(id: "4F1C2"), .submitResponse(id: nil), .deliver(message), .deliverResponse(id: ""),
        .data(data), .dataResponse(id: "\u{E9}\u{FF}"), .enquireLink, .enquireLinkResponse, .unbind, .unbindResponse,
        .genericNack, .outbind, .alertNotification,
    ]

    @Test("a submit_sm has the octets of the standard, field by field")
    func submit() {
        let expected = octets(
            """
            0000004f 00000004 00000000 00000009
            434d5400 0500 53686f7000 0101 3836313339303030303030303000 40 01 02 00
            3030303030313030303030303030305200 01 00 08 03 08 05000309 0201 597d 020c 0002 0007
            """)
        var pdu = encoded(SMPPPDU(sequence: 9, body: .submit(Self.message)))
        #expect(Int(pdu[3]) == pdu.count)
        pdu[3] = 0x4F
        #expect(pdu == expected)
    }

    @Test("what is written is read back, whatever it is", arguments: all)
    func roundTrip(body: SMPPPDU.Body) {
        let pdu = SMPPPDU(status: SMPPStatus(0x45), sequence: 0x7FFF_FFFF, body: body)
        #expect(decoded(encoded(pdu)) == [.pdu(pdu)])
    }

    @Test("frames mean the same however the stream is cut", arguments: 1...90)
    func fragments(size: Int) {
        let pdus = Self.all.enumerated().map { SMPPPDU(sequence: UInt32($0 + 1), body: $1) }
        var buffer = ByteBuffer()
        for pdu in pdus { SMPPEncoder.write(pdu, into: &buffer) }
        #expect(decoded(Array(buffer.readableBytesView), pieces: size) == pdus.map { .pdu($0) })
    }

    @Test("frames mean the same when the stream is cut once, at any octet")
    func cutOnce() {
        let bytes = encoded(
            SMPPPDU(sequence: 1, body: .deliver(Self.message)), SMPPPDU(sequence: 2, body: .submitResponse(id: "a")))
        for cut in 1..<bytes.count {
            var decoder = SMPPDecoder()
            var inputs: [SMPPInput] = []
            for part in [bytes[..<cut], bytes[cut...]] {
                var piece = ByteBuffer(bytes: part)
                decoder.append(&piece)
                while let input = decoder.next() { inputs.append(input) }
            }
            #expect(inputs == decoded(bytes), "cut at \(cut)")
        }
    }

    @Test(
        "a length that cannot be ends the stream; 64 KiB can be, one more cannot",
        arguments: [("00000000", 0), ("0000000f", 15), ("00010001", 65537), ("ffffffff", 0xFFFF_FFFF)] as [(String, UInt32)])
    func badLength(length: String, value: UInt32) {
        let bytes = octets(length + "00000015 00000000 00000007") + encoded(SMPPPDU(sequence: 1, body: .enquireLink))
        #expect(decoded(bytes) == [.badLength(value, sequence: 7)])
        #expect(decoded(octets(length)) == [.badLength(value, sequence: 0)])
    }

    @Test("a frame of 64 KiB is read")
    func longest() throws {
        var message = Self.message
        message.shortMessage = []
        message.parameters = []
        let empty = encoded(SMPPPDU(sequence: 1, body: .deliver(message))).count
        message.parameters = [
            SMPPParameter(tag: .messagePayload, value: .init(repeating: 0x41, count: 65_536 - empty - 4))
        ]
        let bytes = encoded(SMPPPDU(sequence: 1, body: .deliver(message)))
        #expect(bytes.count == 65_536)
        #expect(decoded(bytes, pieces: 1000) == [.pdu(SMPPPDU(sequence: 1, body: .deliver(message)))])
    }

    @Test("unknown commands and unknown parameters are no errors of the stream")
    func unknown() {
        let unknown = octets("00000012 00000999 00000000 00000005 0102")
        #expect(decoded(unknown + encoded(SMPPPDU(sequence: 6, body: .unbind))).count == 2)
        #expect(decoded(unknown) == [.unknownCommand(SMPPCommand(rawValue: 0x999), sequence: 5)])
        var bytes = encoded(SMPPPDU(sequence: 1, body: .deliver(Self.message)))
        bytes += octets("1501 0003 616263 020e 0001 02")
        bytes[3] = UInt8(bytes.count)
        var expected = Self.message
        expected.parameters.append(SMPPParameter(tag: .sarTotal, value: [2]))
        #expect(decoded(bytes) == [.pdu(SMPPPDU(sequence: 1, body: .deliver(expected)))])
    }

    @Test("a parameter that overruns its frame is an error, NULs behind the last one are not")
    func overrun() {
        var bytes = encoded(SMPPPDU(sequence: 1, body: .deliver(Self.message))) + octets("0427 0009 02")
        bytes[3] = UInt8(bytes.count)
        #expect(decoded(bytes) == [.malformed(.deliver, sequence: 1, field: "optional parameter")])
        var padded = encoded(SMPPPDU(sequence: 1, body: .deliver(Self.message))) + [0, 0, 0]
        padded[3] = UInt8(padded.count)
        #expect(decoded(padded) == [.pdu(SMPPPDU(sequence: 1, body: .deliver(Self.message)))])
    }

    @Test("responses without a body parse, with a status or without")
    func bodiless() {
        for (command, body) in [
            ("80000004", SMPPPDU.Body.submitResponse(id: nil)), ("80000103", .dataResponse(id: nil)),
            ("80000005", .deliverResponse(id: nil)), ("80000009", .bindResponse(.transceiver, systemID: "", version: nil)),
        ] {
            let bytes = octets("00000010" + command + "00000058 00000003")
            #expect(decoded(bytes) == [.pdu(SMPPPDU(status: .throttled, sequence: 3, body: body))])
        }
        // An id without its NUL.
        #expect(
            decoded(octets("00000013 80000004 00000000 00000003 616263"))
                == [.pdu(SMPPPDU(sequence: 3, body: .submitResponse(id: "abc")))])
    }

    @Test("more than 254 octets travel in message_payload")
    func payload() {
        var message = Self.message
        message.shortMessage = .init(repeating: 0x41, count: 300)
        message.parameters = []
        guard case .pdu(let pdu)? = decoded(encoded(SMPPPDU(sequence: 1, body: .submit(message)))).first,
            case .submit(let read) = pdu.body
        else { return #expect(Bool(false)) }
        #expect(read.shortMessage.isEmpty && read.content == message.shortMessage)
    }

    @Test("a password is not in descriptions")
    func secret() {
        #expect(
            !"\(Self.bind) \(String(reflecting: Self.bind)) \(SMPPPDU(sequence: 1, body: .bind(.receiver, Self.bind)))".contains(
                "secret"))
    }

    /// `MARTLET_FUZZ_ROUNDS=10000000 swift test --filter SMPPCodecTests` for longer.
    @Test("random, cut and altered octets never crash the decoder, and never make it hold more than a frame")
    func fuzz() {
        var random = Seeded(state: 20_261_122)
        let rounds = ProcessInfo.processInfo.environment["MARTLET_FUZZ_ROUNDS"].flatMap { Int($0) } ?? 4000
        let seeds = Self.all.map { encoded(SMPPPDU(sequence: 5, body: $0)) }
        var kinds: Set<String> = []
        for _ in 0..<rounds {
            var bytes =
                seeds[Int.random(in: 0..<seeds.count, using: &random)] + seeds[Int.random(in: 0..<seeds.count, using: &random)]
            for _ in 0..<Int.random(in: 0...6, using: &random) {
                let at = Int.random(in: 0..<bytes.count, using: &random)
                switch Int.random(in: 0...3, using: &random) {
                case 0: bytes[at] = UInt8.random(in: 0...255, using: &random)
                case 1: bytes[at] ^= 1 << UInt8.random(in: 0...7, using: &random)
                case 2: bytes.remove(at: at)
                default: bytes.insert(UInt8.random(in: 0...255, using: &random), at: at)
                }
                if bytes.isEmpty { bytes = [0] }
            }
            // The length is made true now and then, so that the fields behind it are reached.
            if Bool.random(using: &random), bytes.count < 65_536 {
                bytes.replaceSubrange(0..<min(4, bytes.count), with: [0, 0, 0, UInt8(truncatingIfNeeded: bytes.count)])
            }
            for input in decoded(bytes, pieces: Int.random(in: 1...64, using: &random)) {
                switch input {
                case .pdu: kinds.insert("pdu")
                case .unknownCommand: kinds.insert("unknown")
                case .malformed: kinds.insert("malformed")
                case .badLength: kinds.insert("length")
                }
            }
        }
        #expect(kinds == ["pdu", "unknown", "malformed", "length"])
    }
}

/// The same numbers every time (splitmix64).
struct Seeded: RandomNumberGenerator {
    var state: UInt64
    mutating func next() -> UInt64 {
        state &+= 0x9E37_79B9_7F4A_7C15
        var z = state
        z = (z ^ (z >> 30)) &* 0xBF58_476D_1CE4_E5B9
        z = (z ^ (z >> 27)) &* 0x94D0_49BB_1331_11EB
        return z ^ (z >> 31)
    }
}
