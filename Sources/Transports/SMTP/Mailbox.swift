import Foundation

/// An address that may stand in a command or a header: checked, so that nothing can be injected, with an ASCII domain.
struct Mailbox: Sendable, Equatable {
    enum Problem: Error, Equatable {
        /// Not of the form local@domain, or with characters that have no place there.
        case invalid
    }
    /// A dot-atom or a quoted string (RFC 5321, 4.1.2; RFC 6531, 3.3), as it was given.
    let local: String
    /// In ASCII: internationalised labels as `xn--…`.
    let domain: String
    let address: String
    /// Only servers with SMTPUTF8 (RFC 6531) can take it.
    var needsUTF8: Bool { !local.utf8.allSatisfy { $0 < 0x80 } }

    init(_ text: String) throws(Problem) {
        guard let at = text.utf8.lastIndex(of: UInt8(ascii: "@")), text.utf8.count <= 1000 else { throw .invalid }
        local = String(text[..<at])
        domain = try Self.ascii(domain: String(text[text.utf8.index(after: at)...]))
        address = "\(local)@\(domain)"
        let isASCII = local.utf8.allSatisfy { $0 < 0x80 }
        guard local.utf8.allSatisfy({ $0 >= 0x20 && $0 != 0x7F }),
            isASCII || local.unicodeScalars.allSatisfy({ $0.isASCII || Self.isVisible($0) })
        else { throw .invalid }
        // RFC 5321, 4.5.3.1: local part 64 octets, path 256 with its brackets.
        guard Self.isDotAtom(local) || Self.isQuoted(local), local.utf8.count <= 64, address.utf8.count <= 254 else {
            throw .invalid
        }
    }

    private static func isDotAtom(_ text: String) -> Bool {
        var isEmpty = true
        for byte in text.utf8 {
            if byte == UInt8(ascii: ".") {
                if isEmpty { return false }
                isEmpty = true
            } else {
                guard isAtomText(byte) || byte >= 0x80 else { return false }
                isEmpty = false
            }
        }
        return !isEmpty
    }

    /// RFC 5322, 3.2.3.
    static func isAtomText(_ byte: UInt8) -> Bool {
        switch byte {
        case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"), UInt8(ascii: "0")...UInt8(ascii: "9"):
            true
        default: "!#$%&'*+-/=?^_`{|}~".utf8.contains(byte)
        }
    }

    private static func isQuoted(_ text: String) -> Bool {
        guard text.utf8.count > 2, text.hasPrefix("\""), text.hasSuffix("\"") else { return false }
        var escaped = false
        for byte in text.utf8.dropFirst().dropLast() {
            if escaped {
                escaped = false
            } else if byte == UInt8(ascii: "\\") {
                escaped = true
            } else if byte == UInt8(ascii: "\"") {
                return false
            }
        }
        return !escaped
    }

    /// Domain in ASCII, or an address literal such as `[192.0.2.1]`.
    static func ascii(domain: String) throws(Problem) -> String {
        if domain.hasPrefix("["), domain.hasSuffix("]") {
            let inside = domain.utf8.dropFirst().dropLast()
            guard !inside.isEmpty, inside.allSatisfy({ isLabelByte($0) || $0 == UInt8(ascii: ".") || $0 == UInt8(ascii: ":") })
            else {
                throw .invalid
            }
            return domain
        }
        if isPlain(domain: domain) { return domain }
        var folded = domain
        if !domain.utf8.allSatisfy({ $0 < 0x80 }) {
            // UTS 46 in short: compatibility composition, lower case, the other full stops.
            folded = domain.precomposedStringWithCompatibilityMapping.lowercased().precomposedStringWithCompatibilityMapping
            folded = folded.replacingOccurrences(of: "\u{3002}", with: ".")
        }
        var labels: [String] = []
        for label in folded.split(separator: ".", omittingEmptySubsequences: false) { labels.append(try ascii(label: label)) }
        let whole = labels.joined(separator: ".")
        guard whole.utf8.count <= 253 else { throw .invalid }
        return whole
    }

    /// Labels of ASCII, as most are.
    private static func isPlain(domain: String) -> Bool {
        guard domain.utf8.count <= 253 else { return false }
        var length = 0
        var before = UInt8(ascii: "-")
        for byte in domain.utf8 {
            if byte == UInt8(ascii: ".") {
                guard length > 0, before != UInt8(ascii: "-") else { return false }
                length = 0
            } else {
                length += 1
                guard isLabelByte(byte), length <= 63, length > 1 || byte != UInt8(ascii: "-") else { return false }
            }
            before = byte
        }
        return length > 0 && before != UInt8(ascii: "-")
    }

    private static func ascii(label: Substring) throws(Problem) -> String {
        var text = String(label)
        if !label.utf8.allSatisfy({ $0 < 0x80 }) {
            guard label.utf8.count <= 256, label.unicodeScalars.allSatisfy(isLabelScalar),
                let encoded = Punycode.encode(Array(label.unicodeScalars))
            else { throw .invalid }
            text = "xn--" + encoded
        }
        guard (1...63).contains(text.utf8.count), text.utf8.allSatisfy(isLabelByte), text.utf8.first != UInt8(ascii: "-"),
            text.utf8.last != UInt8(ascii: "-")
        else { throw .invalid }
        return text
    }

    /// Letters, digits, hyphen, and the underscore that some hosts use.
    private static func isLabelByte(_ byte: UInt8) -> Bool {
        switch byte {
        case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"), UInt8(ascii: "0")...UInt8(ascii: "9"):
            true
        default: byte == UInt8(ascii: "-") || byte == UInt8(ascii: "_")
        }
    }

    private static func isLabelScalar(_ scalar: Unicode.Scalar) -> Bool {
        scalar.isASCII ? isLabelByte(UInt8(scalar.value)) : isVisible(scalar)
    }

    /// Nothing that hides, turns or separates text.
    private static func isVisible(_ scalar: Unicode.Scalar) -> Bool {
        switch scalar.properties.generalCategory {
        case .control, .format, .surrogate, .privateUse, .unassigned, .lineSeparator, .paragraphSeparator, .spaceSeparator:
            return false
        default: return true
        }
    }
}
