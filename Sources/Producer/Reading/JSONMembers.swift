import Text

/// The members of a JSON object (RFC 8259): names decoded, values as the text they were written as, so that numbers keep their digits.
enum JSONMembers {
    enum Kind: Equatable { case object, list, text, number, boolean, null }
    struct Member: Equatable {
        var name: String
        var kind: Kind
        /// Of the value in the bytes; of a text with its quotes.
        var range: Range<Int>
    }

    /// All members of the one object in `bytes` (valid UTF-8), in order; a name may occur twice. `\u0000` is refused: it cannot be stored.
    static func of(_ bytes: [UInt8]) throws(JSONFault) -> [Member] {
        let start = bytes.firstIndex { ![0x20, 0x09, 0x0A, 0x0D].contains($0) } ?? bytes.count
        guard start < bytes.count, bytes[start] == UInt8(ascii: "{") else {
            throw JSONFault(problem: "a JSON object must be here", offset: start)
        }
        let nodes = try JSONParser.parse(bytes.span, allowsNUL: false)
        var members: [Member] = []
        var name = 1
        while name < nodes.count {
            let value = nodes[name + 1]
            let quote = value.isText ? 1 : 0
            members.append(
                Member(
                    name: nodes[name].text(in: bytes.span), kind: kind(value.kind),
                    range: Int(value.start) - quote..<Int(value.end) + quote))
            name = Int(value.next)
        }
        return members
    }

    /// The text that an accepted JSON string, quotes included, stands for.
    static func text(_ bytes: [UInt8], _ range: Range<Int>) -> String {
        var decoded: [UInt8] = []
        JSONEscape.decode(bytes.span, range.lowerBound + 1, range.upperBound - 1, into: &decoded)
        return String(decoding: decoded, as: UTF8.self)
    }

    private static func kind(_ kind: JSONNode.Kind) -> Kind {
        switch kind {
        case .object: .object
        case .list: .list
        case .string, .escapedString: .text
        case .number: .number
        case .yes, .no: .boolean
        case .null: .null
        }
    }
}
