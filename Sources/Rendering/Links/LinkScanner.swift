import Text

/// Finds http and https addresses in a text for people: bounded, in one walk, and careful about what stands behind them.
enum LinkScanner {
    struct Found: Equatable {
        var range: Range<Int>
        /// It cannot be decided whether the address ends here: what follows may belong to it (`/wiki/中国`, `?x=a|b`).
        var isUnclear: Bool
    }

    /// The first address from `start` on, in UTF-8.
    static func next(in text: [UInt8], from start: Int) -> Found? {
        var at = start
        while at + 8 <= text.count {
            guard text[at] | 0x20 == UInt8(ascii: "h"), let body = scheme(text, at), at == 0 || !isWord(text[at - 1]) else {
                at += 1
                continue
            }
            var end = body
            while end < text.count, isPart(text[end]) { end += 1 }
            let trimmed = trim(text, body..<end)
            guard trimmed > body else {
                at = max(end, at + 1)
                continue
            }
            if let whole = beyond(text, body..<end, trimmed) { return Found(range: at..<whole, isUnclear: true) }
            let isCut = trimmed == end ? mayGoOn(text, end) : isName(text[body..<end]) && isLetter(text, end)
            return Found(range: at..<trimmed, isUnclear: isCut)
        }
        return nil
    }

    /// Where the address ends for programs that take `|`, `{`, `}`, `^`, a backtick and a backslash along, as browsers do; nil: at the same place
    /// as for those that do not.
    private static func beyond(_ text: [UInt8], _ range: Range<Int>, _ trimmed: Int) -> Int? {
        guard range.upperBound < text.count, isOdd(text[range.upperBound]) else { return nil }
        var end = range.upperBound
        while end < text.count, isPart(text[end]) || isOdd(text[end]) { end += 1 }
        let whole = trim(text, range.lowerBound..<end)
        if whole > range.upperBound { return whole }
        return trimmed == range.upperBound && mayGoOn(text, end) ? end : nil
    }

    /// RFC 3986 has no place for them, and browsers take them all the same.
    static func isOdd(_ byte: UInt8) -> Bool { byte == 0x5C || byte == 0x5E || byte == 0x60 || (0x7B...0x7D).contains(byte) }

    /// Whether what stands at `end`, beyond ASCII, may belong to the address before it. Letters of scripts that are written without blanks
    /// (`/x查看`) begin the sentence again, unless the address ends as if something were missing (`/wiki/中国`) or goes on behind them (`/a中国/b`).
    private static func mayGoOn(_ text: [UInt8], _ end: Int) -> Bool {
        // Phones open `/🔥` whole.
        guard isLetter(text, end) else { return isHidden(text, end) || !isWord(text[end - 1]) && isPictogram(text, end) }
        guard isWord(text[end - 1]) else { return true }
        var at = end
        while at < text.count, text[at] >= 0x80 {
            let (value, length) = UTF8Text.scalar(text.span, at)
            guard hasNoBlanks(value) else { return isLetter(text, at) || isHidden(text, at) }
            at += length
        }
        let rest = text[at...].prefix { isPart($0) || isOdd($0) }
        guard let first = rest.first, "/?#=&%._~".utf8.contains(first) else { return false }
        return trim(text, rest.indices) > rest.startIndex
    }

    /// The host's name alone, and a dot that another label may follow: `https://a.例え.example`.
    private static func isName(_ bytes: ArraySlice<UInt8>) -> Bool {
        bytes.last == UInt8(ascii: ".") && !bytes.contains { "/?#".utf8.contains($0) }
    }

    /// Han, kana, Hangul (whose particles follow without a blank), Thai, Lao, Burmese, Khmer.
    private static func hasNoBlanks(_ scalar: UInt32) -> Bool {
        switch scalar {
        case 0x0E00...0x0EFF, 0x1000...0x109F, 0x1100...0x11FF, 0x1780...0x17FF, 0x3005...0x3007, 0x3040...0x318F,
            0x31F0...0x31FF,
            0x3400...0x9FFF, 0xAC00...0xD7AF, 0xF900...0xFAFF, 0x20000...0x3FFFF:
            true
        default: false
        }
    }

    /// A character that does not show and that somebody's copy has put into the middle of an address (zero-width space, soft hyphen).
    private static func isHidden(_ text: [UInt8], _ at: Int) -> Bool {
        guard at < text.count, text[at] >= 0x80 else { return false }
        let (value, length) = UTF8Text.scalar(text.span, at)
        guard let scalar = Unicode.Scalar(value), scalar.properties.generalCategory == .format else { return false }
        return at + length < text.count && isWord(text[at + length])
    }

    /// Where the rest begins behind `http://` or `https://`.
    static func scheme(_ text: [UInt8], _ at: Int) -> Int? {
        func has(_ word: StaticString, _ from: Int) -> Bool {
            guard text.count - from >= word.utf8CodeUnitCount else { return false }
            for (index, letter) in UnsafeBufferPointer(start: word.utf8Start, count: word.utf8CodeUnitCount).enumerated()
            where (isUpper(text[from + index]) ? text[from + index] | 0x20 : text[from + index]) != letter { return false }
            return true
        }
        if has("https://", at) { return at + 8 }
        return has("http://", at) ? at + 7 : nil
    }

    /// Punctuation behind an address belongs to the sentence; brackets, too, unless the address opened them.
    private static func trim(_ text: [UInt8], _ range: Range<Int>) -> Int {
        var round = 0
        var square = 0
        var curly = 0
        for byte in text[range] {
            switch byte {
            case UInt8(ascii: "{"): curly += 1
            case UInt8(ascii: "}"): curly -= 1
            case UInt8(ascii: "("): round += 1
            case UInt8(ascii: ")"): round -= 1
            case UInt8(ascii: "["): square += 1
            case UInt8(ascii: "]"): square -= 1
            default: break
            }
        }
        var end = range.upperBound
        while end > range.lowerBound {
            switch text[end - 1] {
            case UInt8(ascii: "."), UInt8(ascii: ","), UInt8(ascii: ";"), UInt8(ascii: ":"), UInt8(ascii: "!"), UInt8(ascii: "?"),
                UInt8(ascii: "'"), UInt8(ascii: "*"), 0x5C, 0x5E, 0x60, 0x7B, 0x7C:
                end -= 1
            case UInt8(ascii: "}") where curly < 0:
                curly += 1
                end -= 1
            case UInt8(ascii: ")") where round < 0:
                round += 1
                end -= 1
            case UInt8(ascii: "]") where square < 0:
                square += 1
                end -= 1
            default: return end
            }
        }
        return end
    }

    private static func isUpper(_ byte: UInt8) -> Bool { (0x41...0x5A).contains(byte) }

    /// An ASCII letter or digit.
    static func isWord(_ byte: UInt8) -> Bool {
        (0x61...0x7A).contains(byte) || (0x30...0x39).contains(byte) || isUpper(byte)
    }

    /// A character that an address may consist of (RFC 3986, 2): ASCII alone, so Chinese punctuation ends it.
    static func isPart(_ byte: UInt8) -> Bool { parts[Int(byte)] }
    private static let parts: [Bool] = {
        let marks = Array("-._~:/?#[]@!$&'()*+,;=%".utf8)
        return (0...255).map { isWord(UInt8($0)) || marks.contains(UInt8($0)) }
    }()

    private static func isPictogram(_ text: [UInt8], _ at: Int) -> Bool {
        guard at < text.count, text[at] >= 0x80 else { return false }
        return Unicode.Scalar(UTF8Text.scalar(text.span, at).0)?.properties.generalCategory == .otherSymbol
    }

    /// Whether a letter or digit beyond ASCII stands at `at`.
    private static func isLetter(_ text: [UInt8], _ at: Int) -> Bool {
        guard at < text.count, text[at] >= 0x80 else { return false }
        let (value, _) = UTF8Text.scalar(text.span, at)
        guard let scalar = Unicode.Scalar(value) else { return false }
        switch scalar.properties.generalCategory {
        case .uppercaseLetter, .lowercaseLetter, .titlecaseLetter, .modifierLetter, .otherLetter, .decimalNumber, .letterNumber,
            .otherNumber, .nonspacingMark, .spacingMark:
            return true
        default: return false
        }
    }
}

/// Whether an address may be a tracked link's target.
enum LinkTarget {
    /// `bytes` are one whole address: http or https, ASCII without blanks and control characters, an authority of host and port alone, because
    /// `https://bank.example@evil.example` deceives who reads it. A backslash is none: browsers take it for a slash, other programs do not, so
    /// that they disagree about the host.
    static func isPlain(_ bytes: ArraySlice<UInt8>) -> Bool {
        let all = Array(bytes)
        guard let body = LinkScanner.scheme(all, 0),
            all.allSatisfy({ LinkScanner.isPart($0) || (LinkScanner.isOdd($0) && $0 != UInt8(ascii: "\\")) })
        else { return false }
        let rest = all[body...]
        let authority = rest.prefix { $0 != UInt8(ascii: "/") && $0 != UInt8(ascii: "?") && $0 != UInt8(ascii: "#") }
        return isAuthority(authority)
    }

    private static func isAuthority(_ bytes: ArraySlice<UInt8>) -> Bool {
        guard bytes.first != UInt8(ascii: "[") else {
            guard let close = bytes.firstIndex(of: UInt8(ascii: "]")), close > bytes.startIndex + 1 else { return false }
            return bytes[bytes.startIndex + 1..<close].allSatisfy { LinkScanner.isWord($0) || ":.".utf8.contains($0) }
                && isPort(bytes[(close + 1)...])
        }
        let host = bytes.prefix { $0 != UInt8(ascii: ":") }
        return !host.isEmpty && host.allSatisfy { LinkScanner.isWord($0) || "-._".utf8.contains($0) }
            && isPort(bytes[host.endIndex...])
    }

    private static func isPort(_ bytes: ArraySlice<UInt8>) -> Bool {
        guard let colon = bytes.first else { return true }
        return colon == UInt8(ascii: ":") && bytes.count <= 6 && bytes.dropFirst().allSatisfy { (0x30...0x39).contains($0) }
    }
}
