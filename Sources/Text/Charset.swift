import Glibc

/// Alphabets of eight and more bits, by iconv of the C library.
package enum Charset {
    /// nil: the octets are not of this alphabet, or the system does not have it.
    package static func decode(_ octets: [UInt8], from name: String) -> String? {
        convert(octets, from: name, to: "UTF-8").map { String(decoding: $0, as: UTF8.self) }
    }

    /// Whether an everyday character set has all of it: what was read in the wrong order or alphabet nearly always has a character that none has.
    package static func isCommon(_ text: String) -> Bool {
        let octets = Array(text.utf8)
        return ["EUC-CN", "BIG5", "CP932", "EUC-KR", "ISO-8859-1"].contains { convert(octets, from: "UTF-8", to: $0) != nil }
    }

    /// nil: something of it has no place in `target`.
    private static func convert(_ octets: [UInt8], from source: String, to target: String) -> [UInt8]? {
        guard let converter = iconv_open(target, source), converter != iconv_t(bitPattern: -1) else { return nil }
        defer { iconv_close(converter) }
        var input = octets.map { CChar(bitPattern: $0) }
        var output = [CChar](repeating: 0, count: octets.count * 4 + 16)
        let room = output.count
        let left: Int? = input.withUnsafeMutableBufferPointer { input in
            output.withUnsafeMutableBufferPointer { output in
                var from = input.baseAddress
                var fromLeft = input.count
                var to = output.baseAddress
                var toLeft = output.count
                // 0: nothing was replaced.
                guard iconv(converter, &from, &fromLeft, &to, &toLeft) == 0, iconv(converter, nil, nil, &to, &toLeft) == 0 else {
                    return nil
                }
                return toLeft
            }
        }
        return left.map { output.prefix(room - $0).map { UInt8(bitPattern: $0) } }
    }
}
