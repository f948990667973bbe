/// Escaping for text and attribute values (HTML Standard, 13.3, and the single quote).
enum HTML {
    static func escape(_ text: Span<UInt8>, into output: inout [UInt8]) {
        for index in text.indices {
            switch text[index] {
            case UInt8(ascii: "&"): output.append(contentsOf: "&amp;".utf8)
            case UInt8(ascii: "<"): output.append(contentsOf: "&lt;".utf8)
            case UInt8(ascii: ">"): output.append(contentsOf: "&gt;".utf8)
            case UInt8(ascii: "\""): output.append(contentsOf: "&quot;".utf8)
            case UInt8(ascii: "'"): output.append(contentsOf: "&#39;".utf8)
            case let byte: output.append(byte)
            }
        }
    }
}
