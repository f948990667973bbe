import Domain
import Text

/// What the octets of an inbound text say: by their data_coding (SMPP 3.4, 5.2.19; from 0x10 on the SMS data coding scheme of 3GPP TS 23.038, 4),
/// and where that makes no sense, or names no alphabet, by what the octets are.
///
/// Carriers pass on whatever the phone's network wrote: ASCII under "binary" or UCS-2, UCS-2 in the wrong order or under the default alphabet, GBK
/// under 15 (as CMPP has it). What can be read in several ways is shown as the most likely one; the others are kept beside it, because a person
/// who opts out in one of them has opted out.
struct SMPPReading: Sendable, Equatable {
    /// nil: it cannot be read.
    private(set) var text: String?
    /// What else it may say.
    private(set) var others: [String] = []

    enum Alphabet: Equatable {
        case gsm7, latin1, ucs2
        /// By its name at iconv.
        case named(String)
        /// Eight bits of anything, or reserved.
        case none
    }

    /// Longer texts are no keywords: their other readings are not looked for.
    private static let longestWithOthers = 160

    init(_ octets: [UInt8], dataCoding: UInt8, default alphabet: Alphabet) {
        guard !octets.isEmpty else {
            text = ""
            return
        }
        text = Self.best(octets, Self.alphabet(dataCoding, default: alphabet))
        guard octets.count <= Self.longestWithOthers else { return }
        for other in Self.guesses(octets) + [Self.packed(octets)].compactMap(\.self)
        where other != text && !others.contains(other) {
            others.append(other)
        }
    }

    static func alphabet(_ dataCoding: UInt8, default alphabet: Alphabet) -> Alphabet {
        switch dataCoding {
        case 0: alphabet
        case 1, 3: .latin1
        case 5: .named("CP932")
        case 6: .named("ISO-8859-5")
        case 7: .named("ISO-8859-8")
        case 8: .ucs2
        case 0x0A: .named("ISO-2022-JP")
        case 0x0D: .named("EUC-JP")
        case 0x0E: .named("CP949")
        case 0x0F: .named("GB18030")
        case 0x10...0x7F where dataCoding & 0x20 == 0: [.gsm7, .none, .ucs2, .none][Int(dataCoding >> 2 & 3)]
        case 0xC0...0xDF: .gsm7
        case 0xE0...0xEF: .ucs2
        case 0xF0...0xFF where dataCoding & 4 == 0: .gsm7
        default: .none
        }
    }

    // MARK: the most likely

    private static func best(_ octets: [UInt8], _ alphabet: Alphabet) -> String? {
        if let plain = interleaved(octets) { return plain }
        switch alphabet {
        case .gsm7 where octets.allSatisfy({ $0 < 0x80 }): return GSM7.decode(octets)
        // Octets above 127 are no septets, whatever the carrier says.
        case .gsm7, .latin1: return bestOfOctets(octets)
        case .ucs2: return bestOfUnits(octets)
        case .named(let name):
            if let text = Charset.decode(octets, from: name), makesSense(text) { return text }
            return guesses(octets).first
        case .none: return guesses(octets).first ?? sensible(Latin1.string(octets))
        }
    }

    private static func bestOfOctets(_ octets: [UInt8]) -> String? {
        let latin = Latin1.string(octets)
        if octets.allSatisfy({ $0 < 0x80 }) { return makesSense(latin) ? latin : guesses(octets).first ?? latin }
        if let text = utf8(octets) { return text }
        guard makesSense(latin) else { return guesses(octets).first ?? latin }
        // A person who writes Latin letters with accents writes some without, too.
        let hasLetters = octets.contains { (0x41...0x5A).contains($0 & 0xDF) && $0 < 0x80 }
        guard !hasLetters, octets.count >= 4, let chinese = Charset.decode(octets, from: "GB18030"), Charset.isCommon(chinese)
        else { return latin }
        return chinese
    }

    private static func bestOfUnits(_ octets: [UInt8]) -> String? {
        let units = utf16(octets)
        if isASCII(octets), octets.count % 2 == 1 || isSentence(octets) { return Latin1.string(octets) }
        guard hasControls(units) || (!Charset.isCommon(units) && octets.count >= 4) else { return units }
        return eastAsian(swapped: octets) ?? guesses(octets).first ?? units
    }

    /// ASCII as 16-bit units in either order, of two characters or more: `0 S 0 T`, `S 0 T 0`. No other text looks like that.
    private static func interleaved(_ octets: [UInt8]) -> String? {
        guard octets.count >= 4, octets.count.isMultiple(of: 2) else { return nil }
        let even = stride(from: 0, to: octets.count, by: 2).map { octets[$0] }
        let odd = stride(from: 1, to: octets.count, by: 2).map { octets[$0] }
        if even.allSatisfy({ $0 == 0 }), isASCII(odd) { return Latin1.string(odd) }
        return odd.allSatisfy { $0 == 0 } && isASCII(even) ? Latin1.string(even) : nil
    }

    // MARK: all that make sense

    /// Most certain first: few octets happen to be ASCII or UTF-8, and hardly any to be the common characters of another alphabet.
    private static func guesses(_ octets: [UInt8]) -> [String] {
        var found: [String] = []
        if isASCII(octets) { found.append(Latin1.string(octets)) }
        if let text = utf8(octets) { found.append(text) }
        if octets.count.isMultiple(of: 2) {
            found += [utf16(octets)].filter(Charset.isCommon) + [eastAsian(swapped: octets)].compactMap(\.self)
        }
        for name in ["GB18030", "BIG5"] {
            if let text = Charset.decode(octets, from: name), Charset.isCommon(text) { found.append(text) }
        }
        // Most of the low septets are letters, and in anything else control characters.
        if octets.allSatisfy({ (0x20...0x7F).contains($0) || $0 == 0x0A || $0 == 0x0D }) { found.append(GSM7.decode(octets)) }
        return found.filter(makesSense)
    }

    /// Septets that are still packed.
    private static func packed(_ octets: [UInt8]) -> String? {
        guard let septets = GSM7.unpack(octets, count: octets.count * 8 / 7) else { return nil }
        let text = GSM7.decode(septets)
        // Seven bits that are left over read as `@`; a phone fills them with a carriage return.
        return sensible(text.hasSuffix("@") || text.hasSuffix("\r") ? String(text.dropLast()) : text)
    }

    private static func sensible(_ text: String) -> String? { makesSense(text) ? text : nil }

    private static func isASCII(_ octets: [UInt8]) -> Bool {
        octets.allSatisfy { (0x20...0x7E).contains($0) || $0 == 0x0A || $0 == 0x0D || $0 == 0x09 }
    }

    /// ASCII that is words with blanks between, in one case each: as ideographs the same octets would be nonsense.
    private static func isSentence(_ octets: [UInt8]) -> Bool {
        let words = octets.split { $0 <= 0x20 }
        let marks = Array(".,!?'-:;/@&()\"".utf8)
        return (words.count > 1 || octets.count >= 12)
            && words.allSatisfy { word in
                let letters = word.filter { (0x41...0x5A).contains($0 & 0xDF) }
                let rest = letters.dropFirst()
                return word.allSatisfy { (0x30...0x39).contains($0) || (0x41...0x5A).contains($0 & 0xDF) || marks.contains($0) }
                    && (rest.allSatisfy { $0 > 0x60 } || letters.allSatisfy { $0 < 0x60 })
            }
    }

    /// nil: not UTF-8, or ASCII alone.
    private static func utf8(_ octets: [UInt8]) -> String? {
        guard octets.contains(where: { $0 >= 0x80 }) else { return nil }
        return String(validating: octets, as: UTF8.self).flatMap(sensible)
    }

    /// Half a surrogate pair, or half a unit at the end, becomes U+FFFD. A mark of the order of octets tells the order, and is no text.
    static func utf16(_ octets: [UInt8]) -> String {
        if octets.starts(with: [0xFF, 0xFE]) { return utf16(swapped: octets) ?? "" }
        var units: [UInt16] = []
        units.reserveCapacity(octets.count / 2 + 1)
        for at in stride(from: octets.starts(with: [0xFE, 0xFF]) ? 2 : 0, to: octets.count, by: 2) {
            units.append(at + 1 < octets.count ? UInt16(octets[at]) << 8 | UInt16(octets[at + 1]) : 0xFFFD)
        }
        return String(decoding: units, as: UTF16.self)
    }

    /// nil: no whole units.
    static func utf16(swapped octets: [UInt8]) -> String? {
        guard octets.count.isMultiple(of: 2) else { return nil }
        let units = stride(from: octets.starts(with: [0xFF, 0xFE]) ? 2 : 0, to: octets.count, by: 2).map {
            UInt16(octets[$0 + 1]) << 8 | UInt16(octets[$0])
        }
        return String(decoding: units, as: UTF16.self)
    }

    /// Common ideographs, kana or Hangul in the order that the standard does not have.
    private static func eastAsian(swapped octets: [UInt8]) -> String? {
        guard let text = utf16(swapped: octets), text.unicodeScalars.allSatisfy({ $0.isASCII || $0.value >= 0x3000 }) else {
            return nil
        }
        return Charset.isCommon(text) ? text : nil
    }

    private static func hasControls(_ text: String) -> Bool {
        text.unicodeScalars.contains {
            ($0.value < 0x20 && ![0x09, 0x0A, 0x0C, 0x0D].contains($0.value)) || (0x7F...0x9F).contains($0.value)
        }
    }

    private static func makesSense(_ text: String) -> Bool {
        !hasControls(text)
            && !text.unicodeScalars.contains {
                $0 == "\u{FFFD}" || $0.properties.generalCategory == .unassigned || $0.properties.generalCategory == .privateUse
            }
    }
}
