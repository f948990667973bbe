/// One mailbox, judged as `martlet_data.mailbox_fault` does: a dot-atom and a host name (RFC 5322 3.2.3, RFC 1123 2.1), in Unicode as RFC 6531
/// allows, without invisible marks.
public enum Mailbox {
    /// The address as it is written to (the domain in lower case), or nil and why.
    public static func read(_ written: String) -> (address: String?, fault: String?) {
        let text = AddressText.plain(written, isPhone: false)
        if let fault = fault(of: text) { return (nil, fault) }
        let at = text.firstIndex(of: "@") ?? text.endIndex
        return (String(text[..<at]) + text[at...].lowercased(), nil)
    }

    private static func fault(of text: String) -> String? {
        let scalars = text.unicodeScalars
        if scalars.isEmpty { return "is empty" }
        guard scalars.filter({ $0 == "@" }).count == 1, let at = scalars.firstIndex(of: "@") else {
            return "must have exactly one @"
        }
        if scalars.contains(where: isInvisible) { return "has an invisible character inside" }
        if scalars.contains(where: isBlank) { return "has a blank or control character inside" }
        if scalars.contains(where: { "<>()[],;:\"\\\u{FF20}\u{FF0E}\u{3002}\u{FF61}".unicodeScalars.contains($0) }) {
            return "has a character that is not part of one mailbox"
        }
        let local = String(scalars[..<at])
        if local.isEmpty || local.utf8.count > 64 || scalars.count > 254 {
            return "is too long, or has nothing in front of the @ (at most 64 bytes there, 254 characters in all)"
        }
        if local.hasPrefix(".") || local.hasSuffix(".") || local.contains("..") {
            return "has a dot at the beginning or end of the part before the @, or two in a row"
        }
        return fault(ofHost: scalars[scalars.index(after: at)...].split(separator: ".", omittingEmptySubsequences: false))
    }

    private static func fault(ofHost labels: [Substring.UnicodeScalarView]) -> String? {
        if labels.count < 2 || labels.contains(where: \.isEmpty) {
            return "needs a whole domain behind the @, with names between its dots"
        }
        if labels.contains(where: { $0.first == "-" || $0.last == "-" || $0.count > 63 }) {
            return "has a name in its domain that begins or ends with - or is longer than 63 characters"
        }
        if labels.joined().contains(where: { $0.isASCII && !isOfHost($0) }) {
            return "has a character in its domain that no domain has"
        }
        if labels.last?.allSatisfy({ ("0"..."9") ~= $0 }) == true { return "ends in a number instead of a top-level domain" }
        return nil
    }

    private static func isOfHost(_ scalar: Unicode.Scalar) -> Bool {
        switch scalar {
        case "a"..."z", "A"..."Z", "0"..."9", "-", "_": true
        default: false
        }
    }

    private static func isInvisible(_ scalar: Unicode.Scalar) -> Bool {
        switch scalar.value {
        case 0xAD, 0x34F, 0x61C, 0x115F, 0x1160, 0x17B4, 0x17B5, 0x180B...0x180E, 0x200B...0x200F, 0x202A...0x202E,
            0x2060...0x206F, 0x3164,
            0xFE00...0xFE0F, 0xFEFF, 0xFFA0, 0xFFF0...0xFFFB, 0xE0000...0xE0FFF:
            true
        default: false
        }
    }

    private static func isBlank(_ scalar: Unicode.Scalar) -> Bool {
        switch scalar.value {
        case 0x00...0x20, 0x7F...0xA0, 0x1680, 0x2000...0x200A, 0x2028, 0x2029, 0x202F, 0x205F, 0x2800, 0x3000: true
        default: false
        }
    }
}
