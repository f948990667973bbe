/// The `relaxed` forms of RFC 6376, 3.4: what servers on the way may change to a message without breaking its signature.
enum DKIMCanonical {
    /// A header field as it stands in the message, without its last line end.
    struct Field {
        /// In lower case.
        var name: String
        var bytes: ArraySlice<UInt8>
    }

    /// The header fields in order, and what follows the empty line.
    static func parts(of message: [UInt8]) -> (fields: [Field], body: ArraySlice<UInt8>) {
        var fields: [Field] = []
        var start = 0
        var index = 0
        while let end = message[index...].firstIndex(of: 0x0A) {
            let isEmpty = end == index || (end == index + 1 && message[index] == 0x0D)
            if isEmpty { return (fields, message[(end + 1)...]) }
            index = end + 1
            if index < message.count, isSpace(message[index]) { continue }
            let line = message[start..<(message[end - 1] == 0x0D ? end - 1 : end)]
            let name = line.prefix { $0 != UInt8(ascii: ":") }
            fields.append(Field(name: String(decoding: name, as: UTF8.self).lowercased(), bytes: line))
            start = index
        }
        return (fields, [])
    }

    /// `name:value`, unfolded, with single spaces; without a line end.
    static func header(_ field: ArraySlice<UInt8>) -> [UInt8] {
        var output: [UInt8] = []
        output.reserveCapacity(field.count)
        let colon = field.firstIndex(of: UInt8(ascii: ":")) ?? field.endIndex
        for byte in field[..<colon] where !isSpace(byte) { output.append(lowercased(byte)) }
        output.append(UInt8(ascii: ":"))
        let start = output.count
        var space = false
        for byte in field[colon...].dropFirst() {
            switch byte {
            case 0x0D, 0x0A: continue
            case 0x20, 0x09: space = true
            default:
                if space, output.count > start { output.append(0x20) }
                space = false
                output.append(byte)
            }
        }
        return output
    }

    /// Spaces are one, none stand before a line end, no empty lines at the end; nothing at all stays nothing.
    static func body(_ body: ArraySlice<UInt8>) -> [UInt8] {
        var output: [UInt8] = []
        output.reserveCapacity(body.count + 2)
        var space = false
        var ends = 0
        for byte in body {
            switch byte {
            // Our bodies hold CR before LF only.
            case 0x0D: continue
            case 0x0A:
                ends += 1
                space = false
            case 0x20, 0x09: space = true
            default:
                while ends > 0 {
                    output += [0x0D, 0x0A]
                    ends -= 1
                }
                if space { output.append(0x20) }
                space = false
                output.append(byte)
            }
        }
        if !output.isEmpty { output += [0x0D, 0x0A] }
        return output
    }

    private static func isSpace(_ byte: UInt8) -> Bool { byte == 0x20 || byte == 0x09 }
    private static func lowercased(_ byte: UInt8) -> UInt8 { (0x41...0x5A).contains(byte) ? byte | 0x20 : byte }
}
