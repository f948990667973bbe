/// Checks a JSON text against RFC 8259 in one pass and writes down where its values are.
///
/// Values are decoded only when a template reads them, so a number keeps the digits it was sent with, and the cost of a variable
/// that no caller reads is one node. Stricter than the RFC's grammar in one point: half a surrogate pair is refused (section 8.2), unless
/// the caller says otherwise.
public struct JSONParser {
    /// What becomes of an escape that is half of a pair.
    public enum HalfSurrogates: Sendable {
        case refused
        /// By the replacement character.
        case replaced
    }
    /// Deeper nesting is refused.
    public static let depth = 32

    private var nodes: [JSONNode] = []
    private var at = 0
    private let halfSurrogates: HalfSurrogates
    private let allowsNUL: Bool

    private init(_ halfSurrogates: HalfSurrogates, allowsNUL: Bool) {
        self.halfSurrogates = halfSurrogates
        self.allowsNUL = allowsNUL
    }

    /// - Parameter allowsNUL: false refuses `\u0000`, which PostgreSQL has no place for.
    public static func parse(
        _ bytes: Span<UInt8>, halfSurrogates: HalfSurrogates = .refused, allowsNUL: Bool = true
    ) throws(JSONFault) -> [JSONNode] {
        var parser = JSONParser(halfSurrogates, allowsNUL: allowsNUL)
        parser.nodes.reserveCapacity(bytes.count / 12 + 8)
        parser.skipBlanks(bytes)
        try parser.value(bytes, depth: 1)
        parser.skipBlanks(bytes)
        guard parser.at == bytes.count else { throw parser.fault("nothing may follow the object, but something does") }
        return parser.nodes
    }

    private mutating func value(_ bytes: Span<UInt8>, depth: Int) throws(JSONFault) {
        switch peek(bytes) {
        case UInt8(ascii: "\""): try string(bytes)
        case UInt8(ascii: "{"): try object(bytes, depth: depth)
        case UInt8(ascii: "["): try list(bytes, depth: depth)
        case UInt8(ascii: "t"): try word("true", .yes, bytes)
        case UInt8(ascii: "f"): try word("false", .no, bytes)
        case UInt8(ascii: "n"): try word("null", .null, bytes)
        default: try number(bytes)
        }
    }

    private mutating func object(_ bytes: Span<UInt8>, depth: Int) throws(JSONFault) {
        let opened = try open(.object, depth: depth)
        skipBlanks(bytes)
        if peek(bytes) == UInt8(ascii: "}") { return close(opened) }
        while true {
            guard peek(bytes) == UInt8(ascii: "\"") else { throw fault("a name in double quotes must be here") }
            try string(bytes)
            skipBlanks(bytes)
            guard peek(bytes) == UInt8(ascii: ":") else { throw fault("`:` must follow the name") }
            at += 1
            skipBlanks(bytes)
            try value(bytes, depth: depth + 1)
            skipBlanks(bytes)
            switch peek(bytes) {
            case UInt8(ascii: ","):
                at += 1
                skipBlanks(bytes)
            case UInt8(ascii: "}"): return close(opened)
            default: throw fault("`,` or `}` must be here")
            }
        }
    }

    private mutating func list(_ bytes: Span<UInt8>, depth: Int) throws(JSONFault) {
        let opened = try open(.list, depth: depth)
        skipBlanks(bytes)
        if peek(bytes) == UInt8(ascii: "]") { return close(opened) }
        while true {
            try value(bytes, depth: depth + 1)
            skipBlanks(bytes)
            switch peek(bytes) {
            case UInt8(ascii: ","):
                at += 1
                skipBlanks(bytes)
            case UInt8(ascii: "]"): return close(opened)
            default: throw fault("`,` or `]` must be here")
            }
        }
    }

    private mutating func open(_ kind: JSONNode.Kind, depth: Int) throws(JSONFault) -> Int {
        guard depth <= Self.depth else { throw fault("more than \(Self.depth) levels of nesting") }
        nodes.append(JSONNode(kind: kind, start: Int32(at), end: 0, next: 0))
        at += 1
        return nodes.count - 1
    }

    private mutating func close(_ opened: Int) {
        at += 1
        nodes[opened].end = Int32(at)
        nodes[opened].next = Int32(nodes.count)
    }

    private mutating func string(_ bytes: Span<UInt8>) throws(JSONFault) {
        at += 1
        let start = at
        var escaped = false
        while at < bytes.count {
            let byte = bytes[at]
            if byte == UInt8(ascii: "\"") {
                append(escaped ? .escapedString : .string, start, at)
                at += 1
                return
            }
            guard byte >= 0x20 else { throw fault("a control character must be written as \\u00XX") }
            if byte == UInt8(ascii: "\\") {
                escaped = true
                try escape(bytes)
            } else {
                at += 1
            }
        }
        throw JSONFault(problem: "a text that begins here never ends", offset: start - 1)
    }

    private mutating func escape(_ bytes: Span<UInt8>) throws(JSONFault) {
        guard at + 1 < bytes.count else { throw fault("the escape is cut off") }
        switch bytes[at + 1] {
        case UInt8(ascii: "\""), UInt8(ascii: "\\"), UInt8(ascii: "/"), UInt8(ascii: "b"), UInt8(ascii: "f"), UInt8(ascii: "n"),
            UInt8(ascii: "r"), UInt8(ascii: "t"):
            at += 2
        case UInt8(ascii: "u"):
            guard let unit = JSONEscape.unit(bytes, at + 2) else { throw fault("\\u must be followed by four hex digits") }
            guard allowsNUL || unit != 0 else { throw fault("\\u0000 cannot be stored; leave it out") }
            if unit & 0xF800 == 0xD800, halfSurrogates == .refused {
                guard unit < 0xDC00, at + 7 < bytes.count, bytes[at + 6] == UInt8(ascii: "\\"),
                    bytes[at + 7] == UInt8(ascii: "u"),
                    let low = JSONEscape.unit(bytes, at + 8), low & 0xFC00 == 0xDC00
                else { throw fault("half a surrogate pair") }
                at += 12
            } else {
                at += 6
            }
        default: throw fault("unknown escape")
        }
    }

    private mutating func number(_ bytes: Span<UInt8>) throws(JSONFault) {
        let start = at
        if peek(bytes) == UInt8(ascii: "-") { at += 1 }
        let leadingZero = peek(bytes) == UInt8(ascii: "0")
        let whole = digits(bytes)
        guard whole > 0 else { throw JSONFault(problem: "a value must be here", offset: start) }
        guard !leadingZero || whole == 1 else { throw JSONFault(problem: "a number must not begin with 0", offset: start) }
        if peek(bytes) == UInt8(ascii: ".") {
            at += 1
            guard digits(bytes) > 0 else { throw fault("a digit must follow the point") }
        }
        if peek(bytes) | 0x20 == UInt8(ascii: "e") {
            at += 1
            if peek(bytes) == UInt8(ascii: "+") || peek(bytes) == UInt8(ascii: "-") { at += 1 }
            guard digits(bytes) > 0 else { throw fault("a digit must follow the exponent sign") }
        }
        append(.number, start, at)
    }

    private mutating func digits(_ bytes: Span<UInt8>) -> Int {
        let start = at
        while at < bytes.count, bytes[at] &- UInt8(ascii: "0") < 10 { at += 1 }
        return at - start
    }

    private mutating func word(_ word: StaticString, _ kind: JSONNode.Kind, _ bytes: Span<UInt8>) throws(JSONFault) {
        let length = word.utf8CodeUnitCount
        guard at + length <= bytes.count else { throw fault("a value must be here") }
        for index in 0..<length where bytes[at + index] != word.utf8Start[index] { throw fault("a value must be here") }
        append(kind, at, at + length)
        at += length
    }

    private mutating func append(_ kind: JSONNode.Kind, _ start: Int, _ end: Int) {
        nodes.append(JSONNode(kind: kind, start: Int32(start), end: Int32(end), next: Int32(nodes.count + 1)))
    }

    private mutating func skipBlanks(_ bytes: Span<UInt8>) {
        while at < bytes.count {
            switch bytes[at] {
            case 0x20, 0x0A, 0x0D, 0x09: at += 1
            default: return
            }
        }
    }

    /// The next byte; 0, which no grammar rule accepts, at the end.
    private func peek(_ bytes: Span<UInt8>) -> UInt8 { at < bytes.count ? bytes[at] : 0 }

    private func fault(_ problem: String) -> JSONFault { JSONFault(problem: problem, offset: at) }
}
