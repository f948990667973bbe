/// The escapes of RFC 8259, section 7, in texts that `JSONParser` has accepted.
public enum JSONEscape {
    /// The UTF-16 unit written as four hex digits at `start`, or nil.
    static func unit(_ bytes: Span<UInt8>, _ start: Int) -> UInt32? {
        guard start + 4 <= bytes.count else { return nil }
        var unit: UInt32 = 0
        for index in start..<start + 4 {
            switch bytes[index] {
            case 0x30...0x39: unit = unit << 4 | UInt32(bytes[index] - 0x30)
            case 0x41...0x46: unit = unit << 4 | UInt32(bytes[index] - 0x37)
            case 0x61...0x66: unit = unit << 4 | UInt32(bytes[index] - 0x57)
            default: return nil
            }
        }
        return unit
    }

    /// Appends the text between `start` and `end` with its escapes replaced, as UTF-8.
    public static func decode(_ bytes: Span<UInt8>, _ start: Int, _ end: Int, into output: inout [UInt8]) {
        var at = start
        while at < end {
            guard bytes[at] == UInt8(ascii: "\\") else {
                output.append(bytes[at])
                at += 1
                continue
            }
            at += 2
            switch bytes[at - 1] {
            case UInt8(ascii: "b"): output.append(0x08)
            case UInt8(ascii: "f"): output.append(0x0C)
            case UInt8(ascii: "n"): output.append(0x0A)
            case UInt8(ascii: "r"): output.append(0x0D)
            case UInt8(ascii: "t"): output.append(0x09)
            case UInt8(ascii: "u"): append(scalar(bytes, &at), to: &output)
            case let literal: output.append(literal)
            }
        }
    }

    /// Reads the digits after `\u`, and the second half of a surrogate pair if there is one.
    private static func scalar(_ bytes: Span<UInt8>, _ at: inout Int) -> UInt32 {
        let unit = unit(bytes, at) ?? 0xFFFD
        at += 4
        guard unit & 0xFC00 == 0xD800, at + 1 < bytes.count, bytes[at] == UInt8(ascii: "\\"), bytes[at + 1] == UInt8(ascii: "u"),
            let low = self.unit(bytes, at + 2), low & 0xFC00 == 0xDC00
        else { return unit }
        at += 6
        return 0x10000 + (unit & 0x3FF) << 10 + (low & 0x3FF)
    }

    private static func append(_ value: UInt32, to output: inout [UInt8]) {
        let scalar = Unicode.Scalar(value) ?? "\u{FFFD}"
        output.append(contentsOf: UTF8.encode(scalar) ?? UTF8.encodedReplacementCharacter)
    }
}
