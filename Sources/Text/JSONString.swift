/// Texts as JSON strings (RFC 8259, 7). Quote, backslash and control characters are escaped, and what other readers stumble over:
/// DEL, and the line separators U+2028 and U+2029, which end a line in some log readers and in old JavaScript. The rest stays UTF-8.
public enum JSONString {
    /// With its quotes.
    public static func quoted(_ text: String) -> String {
        var output: [UInt8] = []
        output.reserveCapacity(text.utf8.count + 2)
        append(quoted: text, to: &output)
        return String(decoding: output, as: UTF8.self)
    }

    /// What stands between the quotes.
    public static func escaped(_ text: String) -> String {
        guard text.utf8.contains(where: isSpecial) else { return text }
        var output: [UInt8] = []
        output.reserveCapacity(text.utf8.count + 16)
        append(escaped: text, to: &output)
        return String(decoding: output, as: UTF8.self)
    }

    /// With its quotes, behind what is there.
    public static func append(quoted text: String, to output: inout [UInt8]) {
        output.append(UInt8(ascii: "\""))
        append(escaped: text, to: &output)
        output.append(UInt8(ascii: "\""))
    }

    private static func append(escaped text: String, to output: inout [UInt8]) {
        var text = text
        text.withUTF8 { bytes in
            var clean = 0
            for at in 0..<bytes.count where isSpecial(bytes[at]) {
                let length = bytes[at] == 0xE2 ? 3 : 1
                // Most of what begins with E2 is dashes and quotation marks.
                if length == 3, bytes[at + 1] != 0x80 || bytes[at + 2] & 0xFE != 0xA8 { continue }
                output.append(contentsOf: UnsafeBufferPointer(rebasing: bytes[clean..<at]))
                escape(length == 3 ? 0x2000 | UInt16(bytes[at + 2] & 0x3F) : UInt16(bytes[at]), to: &output)
                clean = at + length
            }
            output.append(contentsOf: UnsafeBufferPointer(rebasing: bytes[clean...]))
        }
    }

    private static func isSpecial(_ byte: UInt8) -> Bool {
        byte < 0x20 || byte == UInt8(ascii: "\"") || byte == UInt8(ascii: "\\") || byte == 0x7F || byte == 0xE2
    }

    private static func escape(_ unit: UInt16, to output: inout [UInt8]) {
        output.append(UInt8(ascii: "\\"))
        switch unit {
        case 0x22, 0x5C: output.append(UInt8(unit))
        case 0x0A: output.append(UInt8(ascii: "n"))
        case 0x0D: output.append(UInt8(ascii: "r"))
        case 0x09: output.append(UInt8(ascii: "t"))
        default:
            output.append(UInt8(ascii: "u"))
            for shift in [12, 8, 4, 0] {
                let digit = UInt8(unit >> shift & 0xF)
                output.append(digit < 10 ? 0x30 + digit : 0x61 + digit - 10)
            }
        }
    }
}
