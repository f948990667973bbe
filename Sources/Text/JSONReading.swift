extension JSONValue {
    /// Reads a whole JSON text (RFC 8259).
    /// - Parameter halfSurrogates: what to do with an escape that is half of a pair: providers send such.
    /// - Throws: `JSONFault`.
    public static func read(
        _ bytes: [UInt8], halfSurrogates: JSONParser.HalfSurrogates = .refused
    ) throws(JSONFault) -> JSONValue {
        let nodes = try JSONParser.parse(bytes.span, halfSurrogates: halfSurrogates)
        var at = 0
        return value(nodes, &at, bytes.span)
    }

    /// An object or a list that a provider sent; nil: it is something else, or too deep. A byte order mark is no part of it (RFC 8259, 8.1), but
    /// some write it.
    package static func sent(_ bytes: [UInt8]) -> JSONValue? {
        let text = bytes.starts(with: [0xEF, 0xBB, 0xBF]) ? Array(bytes.dropFirst(3)) : bytes
        guard let first = text.first(where: { $0 > 0x20 }), first == UInt8(ascii: "{") || first == UInt8(ascii: "[") else {
            return nil
        }
        do {
            return try read(text, halfSurrogates: .replaced)
        } catch {
            return nil  // the caller shows the text as it came
        }
    }

    /// Whether this is one JSON text.
    package static func isWellFormed(_ bytes: [UInt8]) -> Bool {
        do {
            _ = try JSONParser.parse(bytes.span, halfSurrogates: .replaced)
            return true
        } catch {
            return false  // that is the answer
        }
    }

    /// A list of texts.
    public static func strings(_ values: [String]) -> JSONValue { .array(values.map { .string($0) }) }

    /// An object of texts, such as the files of a policy.
    /// - Throws: `JSONFault`.
    public static func texts(_ text: String) throws(JSONFault) -> [String: String] {
        let isNone = JSONFault(problem: "an object of texts must be here", offset: 0)
        guard case .object(let members) = try read(Array(text.utf8)) else { throw isNone }
        var texts: [String: String] = [:]
        for member in members {
            guard case .string(let text) = member.value else { throw isNone }
            texts[member.name] = text
        }
        return texts
    }

    private static func value(_ nodes: [JSONNode], _ at: inout Int, _ bytes: Span<UInt8>) -> JSONValue {
        let node = nodes[at]
        at += 1
        switch node.kind {
        case .null: return .null
        case .yes: return .bool(true)
        case .no: return .bool(false)
        case .number, .string, .escapedString:
            let text = node.text(in: bytes)
            return node.isText ? .string(text) : .number(text)
        case .list:
            var items: [JSONValue] = []
            while at < Int(node.next) { items.append(value(nodes, &at, bytes)) }
            return .array(items)
        case .object:
            var members: [Member] = []
            while at < Int(node.next) {
                let name = nodes[at].text(in: bytes)
                at += 1
                members.append(Member(name: name, value: value(nodes, &at, bytes)))
            }
            return .object(members)
        }
    }
}
