/// An address without what programs leave around it: `martlet_data.plain_address`.
public enum AddressText {
    /// Zero-width and joining marks, marks and overrides of direction, byte order mark, soft hyphen, variation selectors.
    static let invisible: Set<UInt32> = [
        0xAD, 0x34F, 0x61C, 0x180E, 0x200B, 0x200C, 0x200D, 0x200E, 0x200F, 0x202A, 0x202B, 0x202C, 0x202D, 0x202E, 0x2060,
        0x2061, 0x2062,
        0x2063, 0x2064, 0x2066, 0x2067, 0x2068, 0x2069, 0x206A, 0x206B, 0x206C, 0x206D, 0x206E, 0x206F, 0xFE0E, 0xFE0F, 0xFEFF,
    ]
    private static let blank: Set<UInt32> = Set([0x20, 0x85, 0xA0, 0x1680, 0x2028, 0x2029, 0x202F, 0x205F, 0x3000])
        .union(0x09...0x0D).union(0x2000...0x200A)
    private static let dashes: Set<UInt32> = [0xFF0D, 0x2010, 0x2011, 0x2012, 0x2013, 0x2014, 0x2015, 0x2212, 0xFE63]
    /// The zeros of digits in other scripts: full-width, Arabic-Indic, Persian, Devanagari, Bengali.
    private static let zeros: [UInt32] = [0xFF10, 0x660, 0x6F0, 0x966, 0x9E6]

    /// Whether nothing can be seen of it.
    public static func isBlank(_ text: String) -> Bool {
        text.unicodeScalars.allSatisfy { invisible.contains($0.value) || blank.contains($0.value) }
    }

    public static func plain(_ text: String, isPhone: Bool) -> String {
        var rest = trimmed(text.unicodeScalars[...])
        if rest.starts(with: "=\"".unicodeScalars), let inner = quoted(rest.dropFirst()) {
            rest = trimmed(inner)
        } else if let inner = quoted(rest) {
            rest = trimmed(inner)
        } else if isPhone, let first = rest.first, first == "'" || first == "\u{2019}" {
            rest = trimmed(rest.dropFirst())
        }
        guard isPhone else { return String(rest) }
        let ascii = String(String.UnicodeScalarView(rest.compactMap(inNumber)))
        guard let scheme = ascii.prefixMatch(of: /(?i:tel|sms|whatsapp): ?/) else { return ascii }
        return String(ascii[scheme.range.upperBound...])
    }

    private static func trimmed(_ text: Substring.UnicodeScalarView) -> Substring.UnicodeScalarView {
        func isAround(_ scalar: Unicode.Scalar) -> Bool { invisible.contains(scalar.value) || blank.contains(scalar.value) }
        var rest = text.drop(while: isAround)
        while let last = rest.last, isAround(last) { rest.removeLast() }
        return rest
    }

    private static func quoted(_ text: Substring.UnicodeScalarView) -> Substring.UnicodeScalarView? {
        guard text.count >= 2, text.first == "\"", text.last == "\"" else { return nil }
        let inner = text.dropFirst().dropLast()
        return inner.contains("\"") ? nil : inner
    }

    /// A character of a number in ASCII; nil: it goes.
    private static func inNumber(_ scalar: Unicode.Scalar) -> Unicode.Scalar? {
        let value = scalar.value
        if value < 0x80 { return scalar }
        if invisible.contains(value) { return nil }
        if blank.contains(value), value != 0x85, value != 0x2028, value != 0x2029 { return " " }
        if dashes.contains(value) { return "-" }
        if let zero = zeros.first(where: { ($0...$0 + 9).contains(value) }) { return Unicode.Scalar(0x30 + value - zero) }
        switch value {
        case 0xFF0B, 0xFE62: return "+"
        case 0xFF08: return "("
        case 0xFF09: return ")"
        case 0xFF0F: return "/"
        case 0xFF0E: return "."
        default: return scalar
        }
    }
}
