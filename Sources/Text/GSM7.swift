/// The GSM 7-bit default alphabet with its extension table (3GPP TS 23.038, 6.2.1). No national tables.
public enum GSM7 {
    /// Announces a character of the extension table.
    @inlinable public static var escape: UInt8 { 0x1B }

    /// The basic table by code; the place of the escape itself is never used.
    public static let basic: [Unicode.Scalar] = Array(
        ("@£$¥èéùìòÇ\nØø\rÅåΔ_ΦΓΛΩΠΨΣΘΞ\u{1B}ÆæßÉ !\"#¤%&'()*+,-./0123456789:;<=>?¡ABCDEFGHIJKLMNOPQRSTUVWXYZÄÖÑÜ§¿"
            + "abcdefghijklmnopqrstuvwxyzäöñüà").unicodeScalars)

    /// The extension table: code after the escape, character.
    static let extended: [(code: UInt8, scalar: Unicode.Scalar)] = [
        (0x0A, "\u{0C}"), (0x14, "^"), (0x28, "{"), (0x29, "}"), (0x2F, "\\"), (0x3C, "["), (0x3D, "~"), (0x3E, "]"),
        (0x40, "|"), (0x65, "€"),
    ]

    /// Code by scalar below U+0400, with `inExtension` set for the extension table, or `none`.
    public static let codes: [UInt8] = {
        var codes = [UInt8](repeating: none, count: 0x400)
        for (code, scalar) in basic.enumerated() where code != escape { codes[Int(scalar.value)] = UInt8(code) }
        for entry in extended where entry.scalar.value < 0x400 { codes[Int(entry.scalar.value)] = entry.code | inExtension }
        return codes
    }()
    @inlinable public static var none: UInt8 { 0xFF }
    @inlinable public static var inExtension: UInt8 { 0x80 }

    /// One septet per byte (SMPP `data_coding` 0 as most centres take it), or nil when a character is not in the alphabet.
    public static func encode(_ text: String) -> [UInt8]? {
        var septets: [UInt8] = []
        septets.reserveCapacity(text.utf8.count)
        for scalar in text.unicodeScalars {
            let code = scalar.value < 0x400 ? codes[Int(scalar.value)] : scalar.value == 0x20AC ? 0x65 | inExtension : none
            guard code != none else { return nil }
            if code >= inExtension { septets.append(escape) }
            septets.append(code & 0x7F)
        }
        return septets
    }

    /// The text of unpacked septets. An escape before a code that the extension table does not have is skipped, a doubled or last
    /// escape is a space (TS 23.038, 6.2.1.1); the eighth bit is ignored.
    public static func decode(_ septets: [UInt8]) -> String {
        var text = String.UnicodeScalarView()
        var at = 0
        while at < septets.count {
            let code = septets[at] & 0x7F
            at += 1
            guard code == escape else {
                text.append(basic[Int(code)])
                continue
            }
            guard at < septets.count, septets[at] & 0x7F != escape else {
                text.append(" ")
                at += 1
                continue
            }
            if let entry = extended.first(where: { $0.code == septets[at] & 0x7F }) {
                text.append(entry.scalar)
                at += 1
            }
        }
        return String(text)
    }
}
