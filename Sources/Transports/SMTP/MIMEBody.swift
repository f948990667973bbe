#if canImport(Glibc)
    import Glibc
#endif

/// Bodies and their transfer encodings (RFC 2045). Everything is bytes with CRLF line ends.
enum MIMEBody {
    enum Encoding: String {
        case sevenBit = "7bit"
        case eightBit = "8bit"
        case quotedPrintable = "quoted-printable"
        case base64
    }

    /// CR LF, CR and LF all become CR LF: no bare line end is left to be read as something else.
    static func canonical(_ text: String) -> [UInt8] {
        var text = text
        return text.withUTF8 { bytes in
            var output: [UInt8] = []
            output.reserveCapacity(bytes.count + bytes.count / 16 + 2)
            var start = 0
            for index in 0..<bytes.count where bytes[index] == 0x0A || bytes[index] == 0x0D {
                // The LF of a pair: its CR has ended the line already.
                if bytes[index] == 0x0D || index == 0 || bytes[index - 1] != 0x0D {
                    output.append(contentsOf: UnsafeBufferPointer(rebasing: bytes[start..<index]))
                    output.append(0x0D)
                    output.append(0x0A)
                }
                start = index + 1
            }
            output.append(contentsOf: UnsafeBufferPointer(rebasing: bytes[start...]))
            return output
        }
    }

    /// The plainest encoding that carries canonical bytes unharmed; 8bit only where the server offers 8BITMIME.
    static func encoding(of bytes: [UInt8], eightBit: Bool) -> Encoding {
        let (longest, hasNUL) = bytes.withUnsafeBytes { bytes in
            var lineStart = 0
            var longest = 0
            while let end = bytes.firstIndex(of: 0x0A, from: lineStart) {
                longest = max(longest, end - lineStart)
                lineStart = end + 1
            }
            return (max(longest, bytes.count - lineStart), bytes.firstIndex(of: 0, from: 0) != nil)
        }
        // RFC 5322, 2.1.1: 998 without CRLF; `longest` counts the CR.
        let fits = longest <= 998 && !hasNUL
        let isASCII = isASCII(bytes)
        if fits && isASCII { return .sevenBit }
        if fits && eightBit { return .eightBit }
        return !isASCII && bytes.count(where: { $0 >= 0x80 }) * 6 > bytes.count ? .base64 : .quotedPrintable
    }

    static func isASCII(_ bytes: [UInt8]) -> Bool { bytes.withUnsafeBufferPointer { $0.reduce(0, |) < 0x80 } }

    static func encode(_ bytes: [UInt8], as encoding: Encoding) -> [UInt8] {
        switch encoding {
        case .sevenBit, .eightBit: bytes
        case .quotedPrintable: quotedPrintable(bytes)
        case .base64: base64Lines(bytes)
        }
    }

    /// RFC 2045, 6.7: lines of at most 76 characters, CRLF stays a line end, space before one is encoded.
    static func quotedPrintable(_ bytes: [UInt8]) -> [UInt8] {
        var output: [UInt8] = []
        output.reserveCapacity(bytes.count * 2)
        var column = 0
        for (index, byte) in bytes.enumerated() {
            if byte == 0x0D || byte == 0x0A {
                // Canonical bytes hold them only as pairs.
                output.append(byte)
                column = 0
                continue
            }
            let isLast = index + 1 == bytes.count || bytes[index + 1] == 0x0D
            let isSpace = byte == 0x20 || byte == 0x09
            let isLiteral = (byte > 0x20 && byte < 0x7F && byte != UInt8(ascii: "=")) || (isSpace && !isLast)
            let width = isLiteral ? 1 : 3
            if column + width > (isLast ? 76 : 75) {
                output += [UInt8(ascii: "="), 0x0D, 0x0A]
                column = 0
            }
            if isLiteral { output.append(byte) } else { output += hex(byte, prefix: UInt8(ascii: "=")) }
            column += width
        }
        return output
    }

    static func hex(_ byte: UInt8, prefix: UInt8) -> [UInt8] {
        func digit(_ value: UInt8) -> UInt8 { value < 10 ? 0x30 + value : 0x41 + value - 10 }
        return [prefix, digit(byte >> 4), digit(byte & 0x0F)]
    }

    static func base64(_ bytes: [UInt8]) -> String { String(decoding: base64Bytes(bytes[...]), as: UTF8.self) }

    /// RFC 2045, 6.8: lines of 76 characters.
    static func base64Lines(_ bytes: [UInt8]) -> [UInt8] {
        var output: [UInt8] = []
        output.reserveCapacity(bytes.count * 4 / 3 + bytes.count / 28 + 8)
        for start in stride(from: 0, to: bytes.count, by: 57) {
            if start > 0 { output += [0x0D, 0x0A] }
            output += base64Bytes(bytes[start..<min(start + 57, bytes.count)])
        }
        return output
    }

    private static let alphabet = Array("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/".utf8)

    private static func base64Bytes(_ bytes: ArraySlice<UInt8>) -> [UInt8] {
        var output: [UInt8] = []
        output.reserveCapacity((bytes.count + 2) / 3 * 4)
        var index = bytes.startIndex
        while index < bytes.endIndex {
            let count = min(3, bytes.endIndex - index)
            let first = UInt32(bytes[index]) << 16
            let second = count > 1 ? UInt32(bytes[index + 1]) << 8 : 0
            let group = first | second | (count > 2 ? UInt32(bytes[index + 2]) : 0)
            output.append(alphabet[Int(group >> 18)])
            output.append(alphabet[Int(group >> 12 & 63)])
            output.append(count > 1 ? alphabet[Int(group >> 6 & 63)] : UInt8(ascii: "="))
            output.append(count > 2 ? alphabet[Int(group & 63)] : UInt8(ascii: "="))
            index += count
        }
        return output
    }
}

extension UnsafeRawBufferPointer {
    /// memchr(3): bodies are searched for line ends several times.
    func firstIndex(of byte: UInt8, from start: Int) -> Int? {
        guard start < count, let base = baseAddress, let found = memchr(base + start, Int32(byte), count - start) else {
            return nil
        }
        return UnsafeRawPointer(found) - base
    }
}
