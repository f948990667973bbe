import Foundation
import Testing

@testable import Callbacks
@testable import Transports

@Suite("SMPP receipts")
struct SMPPReceiptTests {
    let receiver = SMPPReceiver(provider: "carrier")

    func deliver(
        _ text: String, esmClass: UInt8 = 4, dataCoding: UInt8 = 0, parameters: [SMPPParameter] = [], asPayload: Bool = false
    ) -> SMPPMessage {
        let octets = dataCoding == 8 ? SMPPSubmits.utf16(text) : Array(text.utf8)
        var message = SMPPMessage(
            source: SMPPAddress(ton: 1, npi: 1, digits: "+8613900000000"), destination: SMPPAddress(digits: "Shop"),
            esmClass: esmClass, dataCoding: dataCoding, parameters: parameters)
        if asPayload {
            message.parameters.append(SMPPParameter(tag: .messagePayload, value: octets))
        } else {
            message.shortMessage = octets
        }
        return message
    }

    func receipt(_ message: SMPPMessage) throws -> CarrierReceipt {
        guard case .receipt(let receipt) = receiver.event(message) else { throw NotThat() }
        return receipt
    }
    struct NotThat: Error {}

    static let standard =
        "id:0123456789 sub:001 dlvrd:001 submit date:2611221530 done date:261122153145 stat:DELIVRD err:000 text:Hello id:9"

    @Test("esm_class 0x04 and 0x20 are receipts in deliver_sm and data_sm alike; anything else is a text")
    func kinds() throws {
        for esmClass in [0x04, 0x44, 0x07] as [UInt8] {
            let receipt = try receipt(deliver(Self.standard, esmClass: esmClass == 0x44 ? 0x04 : esmClass))
            #expect(receipt.state == .delivered && receipt.isFinal && !receipt.isIntermediate)
        }
        let intermediate = try receipt(deliver("id:1 stat:DELIVRD", esmClass: 0x20))
        #expect(intermediate.isIntermediate && !intermediate.isFinal)
        for esmClass in [0x00, 0x08, 0x10, 0x40] as [UInt8] {
            #expect(throws: NotThat.self) { try receipt(deliver("hello", esmClass: esmClass)) }
        }
    }

    @Test(
        "carriers forget the esm_class, or say 0x08: what only a receipt has makes it one",
        arguments: [0x00, 0x08] as [UInt8])
    func forgotten(esmClass: UInt8) throws {
        let id = SMPPParameter(tag: .receiptedMessageID, value: Array("a\0".utf8))
        let state = SMPPParameter(tag: .messageState, value: [2])
        #expect(try receipt(deliver("", esmClass: esmClass, parameters: [id])).id == "a")
        #expect(try receipt(deliver("id:7", esmClass: esmClass, parameters: [state])).state == .delivered)
        for dataCoding in [0, 8] as [UInt8] {
            #expect(try receipt(deliver(Self.standard, esmClass: esmClass, dataCoding: dataCoding)).id == "0123456789")
        }
        // What people write, or carriers beside receipts.
        for text in [
            "id:7", "id:7 stat:DELIVRD", "My id: 7, stat: none, sub: 1, err: 0", "stat:DELIVRD sub:001 dlvrd:001",
            "text:id:7 sub:001 stat:X err:1",
        ] {
            #expect(throws: NotThat.self, "\(text)") { try receipt(deliver(text, esmClass: esmClass)) }
        }
    }

    @Test("a receipt is read in the alphabet that it is in, whatever data_coding says, also before a text in another one")
    func alphabets() throws {
        for dataCoding in [0, 3, 4, 8, 0xF1] as [UInt8] {
            for wide in [nil, true, false] as [Bool?] {
                var message = deliver("", dataCoding: dataCoding)
                let octets = Array(Self.standard.utf8)
                message.shortMessage =
                    wide.map { isBig in octets.flatMap { isBig ? [0, $0] : [$0, 0] } } ?? octets + [0x90, 0x00, 0x8B, 0xA2, 0x00]
                let read = try receipt(message)
                #expect(read.id == "0123456789" && read.state == .delivered, "\(dataCoding) \(String(describing: wide))")
            }
        }
    }

    @Test(
        "words of a carrier's own mean what receipt_states says; one that is not known is shown",
        arguments: [
            ("id:7 stat:MK:0001 err:000", "undeliverable true - -"), ("id:7 stat:ID:0076", "undeliverable true - -"),
            ("id:7 stat:DELIVRD err:000", "delivered true - -"), ("id:7 stat:OK", "delivered true - -"),
            ("id:7 stat:XQ err:12", "rejected true 12 -"), ("id:7 stat:XQ err:13", "unknown false 13 -"),
            ("id:7 stat:XY", "unknown false XY -"),
            ("id:7 stat:UNDELIV err:00B", "undeliverable true 00B bounced"), ("id:7 stat:SEEN", "unknown false - -"),
            ("id:7 sub:001 dlvrd:001 err:000", "delivered true - -"), ("id:7 sub:001 dlvrd:000 err:5", "undeliverable true 5 -"),
        ])
    func ownWords(text: String, expected: String) throws {
        var own = receiver
        own.states = try CallbackStateRule.parse(
            "MK:*=undelivered; ID:*=undelivered; OK=delivered; XQ/12=rejected; UNDELIV/00B=bounced; SEEN=ignore; none/5=undelivered; none=delivered"
        )
        guard case .receipt(let receipt) = own.event(deliver(text)) else { throw NotThat() }
        #expect(
            "\(receipt.state) \(receipt.isFinal) \(receipt.error ?? "-") \(receipt.consequence?.rawValue ?? "-")" == expected)
        #expect(receipt.id == "7")
    }

    @Test("an id without end is none; one that runs into the next field ends there")
    func endless() throws {
        let endless = String(repeating: "f", count: 5000)
        #expect(try receipt(deliver("id:\(endless)", asPayload: true)).id == nil)
        #expect(try receipt(deliver("id:\(String(repeating: "f", count: 256)) stat:DELIVRD", asPayload: true)).id == nil)
        let parameter = SMPPParameter(tag: .receiptedMessageID, value: Array(endless.utf8))
        #expect(try receipt(deliver("id:7 stat:DELIVRD", parameters: [parameter])).id == "7")
        let bare = SMPPParameter(tag: .receiptedMessageID, value: Array("7a".utf8))
        #expect(try receipt(deliver("stat:DELIVRD", parameters: [bare])).id == "7a", "no NUL at the end")
        let glued = try receipt(
            deliver("id:7asub:001dlvrd:001submit date:2611221530done date:2611221531stat:DELIVRDerr:000text:x"))
        #expect(glued.id == "7a" && glued.state == .delivered && glued.error == nil && glued.done?.minute == 31)
    }

    @Test("the text of appendix B is read whole")
    func standard() throws {
        let receipt = try receipt(deliver(Self.standard))
        #expect(
            receipt
                == CarrierReceipt(
                    provider: "carrier", id: "0123456789", state: .delivered, isFinal: true, recipient: "8613900000000",
                    sender: "Shop", submitted: CarrierDate(year: 2026, month: 11, day: 22, hour: 15, minute: 30),
                    done: CarrierDate(year: 2026, month: 11, day: 22, hour: 15, minute: 31, second: 45), text: Self.standard))
    }

    @Test("parameters beat the text")
    func parameters() throws {
        let receipt = try receipt(
            deliver(
                Self.standard,
                parameters: [
                    SMPPParameter(tag: .receiptedMessageID, value: Array("FF00\0".utf8)),
                    SMPPParameter(tag: .messageState, value: [5]), SMPPParameter(tag: .networkErrorCode, value: [3, 0, 17]),
                ]))
        #expect(receipt.id == "FF00" && receipt.state == .undeliverable && receipt.isFinal && receipt.error == "3:17")
        let empty = try self.receipt(
            deliver(
                Self.standard,
                parameters: [
                    SMPPParameter(tag: .receiptedMessageID, value: [0]), SMPPParameter(tag: .messageState, value: [77]),
                ]))
        #expect(empty.id == "0123456789" && empty.state == .delivered)
    }

    @Test(
        "the text is read as carriers write it: any order, any case, fields missing or empty",
        arguments: [
            ("stat:UNDELIV err:0x5 id:abc", "abc undeliverable true 0x5"), ("ID:7 STAT:expired", "7 expired true -"),
            ("id=7;stat=REJECTD;err=12", "7 rejected true 12"), ("id: 7 stat: ENROUTE", "7 enroute false -"),
            ("id:7 stat:ACCEPTD", "7 accepted false -"), ("id:7 stat:ACCEPTED", "7 accepted false -"),
            ("id:7 stat:UNKNOWN", "7 unknown false -"), ("id:7 stat:DELETED", "7 deleted true -"),
            ("id: stat:DELIVRD", "- delivered true -"), ("id:7 err: stat:FAILED", "7 undeliverable true -"),
            ("id:7 submitdate:2611221530 stat:DELIVRD", "7 delivered true -"), ("id:7", "7 unknown false -"),
            ("", "- unknown false -"), ("mid:5 stat:DELIVRD", "- delivered true -"),
            ("id:\"7\" stat:\"DELIVRD\" err:\"000\"", "7 delivered true -"),
            ("id:'7';stat:'UNDELIV';err:'011'", "7 undeliverable true 011"),
            ("id:\"7 stat:DELIVRD", "\"7 delivered true -"),
            ("id:7 stat:BANANA", "7 unknown false BANANA"),
            ("id:7 stat:UNDELIV text:stat:DELIVRD id:8 err:1", "7 undeliverable true 1"),
            ("id:7 stat:DELIVRD err:000 text:err:5 says the shop", "7 delivered true -"),
            ("id:7 stat:WHATEVER text:stat:DELIVRD", "7 unknown false WHATEVER"),
            ("text:abc id:7 stat:DELIVRD", "7 delivered true -"),
            ("id:\(String(repeating: "f", count: 65)) stat:DELIVRD", "\(String(repeating: "f", count: 65)) delivered true -"),
        ])
    func tolerant(text: String, expected: String) throws {
        for way in ["plain", "payload", "wide"] {
            let receipt = try receipt(deliver(text, dataCoding: way == "wide" ? 8 : 0, asPayload: way == "payload"))
            #expect("\(receipt.id ?? "-") \(receipt.state) \(receipt.isFinal) \(receipt.error ?? "-")" == expected, "\(way)")
        }
    }

    @Test(
        "dates have 10 or 12 digits, or a year of four; nonsense is none",
        arguments: [
            ("2611221530", "2026-11-22 15:30:0"), ("261122153045", "2026-11-22 15:30:45"),
            ("20261122153045", "2026-11-22 15:30:45"),
            ("202611221530", "2026-11-22 15:30:0"), ("2613221530", "none"), ("26112215", "none"), ("26x1221530", "none"),
        ])
    func dates(text: String, expected: String) {
        for name in ["done date", "done_date", "DoneDate"] {
            let date = SMPPReceiptText("\(name):\(text) stat:X").done
            let read = date.map { "\($0.year)-\($0.month)-\($0.day) \($0.hour):\($0.minute):\($0.second)" } ?? "none"
            #expect(read == expected)
        }
    }

    @Test("UCS-2 that calls itself something else is recognised")
    func mislabelled() throws {
        var message = deliver("id:7 stat:DELIVRD", dataCoding: 8)
        message.dataCoding = 0
        #expect(try receipt(message).id == "7")
    }

    @Test(
        "an id matches as it is, else hexadecimal for decimal, else without case and leading zeros",
        arguments: [
            ("4F1C2", ["4F1C2", "4f1c2"], "0"), ("324034", ["4F1C2"], "0"), ("4F1C2", ["324034"], "0"),
            ("0004f1c2", ["4F1C2"], "0"),
            ("00012", ["12"], "0"), ("abc-1", ["ABC-1"], "0"), ("x", ["y"], "none"), ("18", ["12", "0018"], "ambiguous"),
            ("340282366920938463463374607431768211455", ["ffffffffffffffffffffffffffffffff"], "0"),
            (String(repeating: "f", count: 65), [String(repeating: "F", count: 65)], "0"),
            // Shared ids corrupt no message.
            ("7", ["7", "7"], "ambiguous"), ("7", [], "none"), ("", ["0"], "none"), ("0", ["000"], "0"),
        ] as [(String, [String], String)])
    func ids(id: String, known: [String], expected: String) {
        let match = CarrierID.match(id, from: "44790", among: known.map { .init(id: $0, recipient: "+44790") })
        switch match {
        case .one(let index): #expect("\(index)" == expected)
        case .ambiguous: #expect("ambiguous" == expected)
        case .none: #expect("none" == expected)
        }
    }

    @Test("the phone decides between messages that share an id, and an id written differently needs the same phone")
    func phones() {
        let known = [
            CarrierID.Known(id: "7", recipient: "+441"), .init(id: "7", recipient: "+442"), .init(id: "0A", recipient: "+443"),
        ]
        #expect(CarrierID.match("7", from: "442", among: known) == .one(1))
        #expect(CarrierID.match("7", from: "445", among: known) == .ambiguous)
        #expect(CarrierID.match("10", from: "443", among: known) == .one(2))
        #expect(CarrierID.match("10", from: "444", among: known) == .none)
        #expect(CarrierID.match("10", from: "", among: known) == .none)
        #expect(CarrierID.match("0A", from: "", among: known) == .one(2))
    }

    @Test("inbound texts are decoded by their data_coding, and parts know their place")
    func texts() throws {
        func text(_ message: SMPPMessage) throws -> InboundText {
            guard case .text(let text) = receiver.event(message) else { throw NotThat() }
            return text
        }
        var message = deliver("", esmClass: 0)
        message.shortMessage = [0x00, 0x1B, 0x65]
        #expect(try text(message).text == "@€")
        message.shortMessage = [0xE9]
        #expect(try text(message).text == "é")
        message.dataCoding = 8
        message.shortMessage = octets("597d d83d")
        #expect(try text(message).text == "好\u{FFFD}")
        message.dataCoding = 4
        message.shortMessage = octets("0003 0102")
        #expect(try text(message).text == nil)
        message.esmClass = 0x40
        message.dataCoding = 0
        message.shortMessage = octets("0c 0304 ffff0000 0804 1234 02 02 41")
        let long = try text(message)
        #expect(long.text == "A" && long.part == .init(reference: 0x1234, total: 2, number: 2))
        #expect(long.from == "+8613900000000" && long.to == "Shop")
        // An empty header is one; a header that overruns is none.
        message.shortMessage = octets("00 41")
        #expect(try text(message).text == "A")
        message.shortMessage = octets("ff 41")
        #expect(try text(message).octets == [0xFF, 0x41])
    }

    @Test("no text and no header makes the receiver crash")
    func fuzz() {
        var random = Seeded(state: 99)
        let words = ["id:", "stat:", "text:", "DELIVRD", " ", "err=", "done date:", "2611221530", "\u{0}", "é", ":", "sub"]
        for _ in 0..<3000 {
            var message = deliver(
                (0..<Int.random(in: 0...12, using: &random)).map { _ in words.randomElement(using: &random) ?? "" }.joined(),
                esmClass: .random(in: 0...255, using: &random), dataCoding: .random(in: 0...9, using: &random))
            if Bool.random(using: &random) {
                message.shortMessage = (0..<Int.random(in: 0...20, using: &random)).map { _ in
                    .random(in: 0...255, using: &random)
                }
            }
            message.parameters = [SMPPParameter.Tag.sarReference, .sarTotal, .sarSequence, .networkErrorCode, .messageState].map {
                SMPPParameter(
                    tag: $0, value: (0..<Int.random(in: 0...3, using: &random)).map { _ in .random(in: 0...3, using: &random) })
            }
            _ = receiver.event(message)
        }
    }
}
