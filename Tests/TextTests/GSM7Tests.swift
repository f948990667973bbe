import Domain
import Rendering
import Testing
import Text

@Suite("The GSM 7-bit alphabet")
struct GSM7Tests {
    @Test("every septet of the basic table decodes and encodes back")
    func basic() {
        for code in UInt8(0)...127 where code != 0x1B {
            let text = GSM7.decode([code])
            #expect(text.unicodeScalars.count == 1)
            #expect(GSM7.encode(text) == [code])
        }
    }

    @Test(
        "characters have the codes of TS 23.038",
        arguments: [
            ("@", [0x00]), ("£", [0x01]), ("$", [0x02]), ("Ç", [0x09]), ("\n", [0x0A]), ("Δ", [0x10]), ("_", [0x11]),
            ("É", [0x1F]),
            (" ", [0x20]), ("¤", [0x24]), ("A", [0x41]), ("Ä", [0x5B]), ("§", [0x5F]), ("¿", [0x60]), ("à", [0x7F]),
            ("\u{0C}", [0x1B, 0x0A]), ("^", [0x1B, 0x14]), ("{", [0x1B, 0x28]), ("}", [0x1B, 0x29]), ("\\", [0x1B, 0x2F]),
            ("[", [0x1B, 0x3C]), ("~", [0x1B, 0x3D]), ("]", [0x1B, 0x3E]), ("|", [0x1B, 0x40]), ("€", [0x1B, 0x65]),
        ])
    func codes(_ character: String, _ septets: [UInt8]) {
        #expect(GSM7.encode(character) == septets)
        #expect(GSM7.decode(septets) == character)
    }

    @Test(
        "nothing is substituted",
        arguments: ["`", "ç", "ê", "α", "Α", "“", "–", "\u{A0}", "\t", "\u{0}", "\u{1B}", "\u{7F}", "好", "😀", "e\u{301}"])
    func outside(_ character: String) {
        #expect(GSM7.encode("a\(character)b") == nil)
        #expect(Segmentation.split("a\(character)b").encoding == .ucs2)
    }

    @Test("an escape before an unknown code is skipped, a doubled or last one is a space")
    func strayEscapes() {
        #expect(GSM7.decode([0x1B, 0x41]) == "A")
        #expect(GSM7.decode([0x41, 0x1B]) == "A ")
        #expect(GSM7.decode([0x1B, 0x1B, 0x41]) == " A")
    }

    @Test("packing gives the well-known octets and unpacks again")
    func packing() throws {
        let septets = try #require(GSM7.encode("hellohello"))
        #expect(GSM7.pack(septets) == [0xE8, 0x32, 0x9B, 0xFD, 0x46, 0x97, 0xD9, 0xEC, 0x37])
        #expect(GSM7.pack([0x41], fillBits: 1) == [0x82])
        #expect(GSM7.pack([]) == [])
        let all = (0..<300).map { UInt8($0 % 128) }
        for count in [0, 1, 7, 8, 9, 153, 160, 300] {
            for fillBits in 0...6 {
                let some = Array(all.prefix(count))
                let packed = GSM7.pack(some, fillBits: fillBits)
                #expect(packed.count == (count * 7 + fillBits + 7) / 8)
                #expect(GSM7.unpack(packed, count: count, fillBits: fillBits) == some)
            }
        }
        #expect(GSM7.unpack([0xE8], count: 2) == nil)
    }
}

extension GSM7 {
    /// Packs septets into octets, lowest bits first (TS 23.038, 6.1.2.1). `fillBits` (0…6) zero bits go in front, so that the text
    /// begins on a septet boundary after a user data header.
    ///
    /// Seven septets in seven octets leave a last septet's worth of zero bits, which reads as `@`: the count of septets travels apart.
    fileprivate static func pack(_ septets: [UInt8], fillBits: Int = 0) -> [UInt8] {
        var octets: [UInt8] = []
        octets.reserveCapacity((septets.count * 7 + fillBits + 7) / 8)
        var bits: UInt32 = 0
        var held = fillBits
        for septet in septets {
            bits |= UInt32(septet & 0x7F) << held
            held += 7
            while held >= 8 {
                octets.append(UInt8(truncatingIfNeeded: bits))
                bits >>= 8
                held -= 8
            }
        }
        if held > 0 { octets.append(UInt8(truncatingIfNeeded: bits)) }
        return octets
    }
}
