/// Finds http and https addresses in a text for people: bounded, in one walk, and careful about what stands behind them.
enum LinkScanner {
    struct Found: Equatable {
        var range: Range<Int>
        /// Whether the address ends here nobody can tell: what follows may belong to it (`/wiki/中国`).
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
            let isUnclear = trimmed == end && !isWord(text[end - 1]) && isLetter(text, end)
            return Found(range: at..<trimmed, isUnclear: isUnclear)
        }
        return nil
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
        for byte in text[range] {
            switch byte {
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
                UInt8(ascii: "'"), UInt8(ascii: "*"):
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
    /// `bytes` are one whole address: http or https, ASCII without control characters, an authority of host and port alone, because
    /// `https://bank.example@evil.example` deceives who reads it.
    static func isPlain(_ bytes: ArraySlice<UInt8>) -> Bool {
        let all = Array(bytes)
        guard let body = LinkScanner.scheme(all, 0), all.allSatisfy(LinkScanner.isPart) else { return false }
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
