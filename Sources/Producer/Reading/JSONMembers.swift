/// The members of a JSON object (RFC 8259): names decoded, values as the text they were written as, so that numbers keep their digits.
struct JSONMembers {
    enum Kind: Equatable { case object, list, text, number, boolean, null }
    struct Member: Equatable {
        var name: String
        var kind: Kind
        /// Of the value in the bytes; of a text with its quotes.
        var range: Range<Int>
    }
    struct Fault: Error, Equatable {
        var problem: String
        /// Bytes from 0.
        var offset: Int
    }
    /// As many as Render takes.
    static let depth = 32

    private let bytes: [UInt8]
    private var at = 0
    private var found: [Member] = []

    /// All members of the one object in `bytes` (valid UTF-8), in order; a name may occur twice.
    static func of(_ bytes: [UInt8]) throws(Fault) -> [Member] {
        var scan = Self(bytes: bytes)
        scan.skipBlanks()
        guard scan.peek == UInt8(ascii: "{") else { throw scan.fault("a JSON object must be here") }
        try scan.object(depth: 1)
        scan.skipBlanks()
        guard scan.at == bytes.count else { throw scan.fault("nothing may follow the object, but something does") }
        return scan.found
    }

    private init(bytes: [UInt8]) { self.bytes = bytes }

    private var peek: UInt8 { at < bytes.count ? bytes[at] : 0 }
    private func fault(_ problem: String) -> Fault { Fault(problem: problem, offset: at) }

    private mutating func skipBlanks() {
        while at < bytes.count, bytes[at] == 0x20 || bytes[at] == 0x09 || bytes[at] == 0x0A || bytes[at] == 0x0D { at += 1 }
    }

    private mutating func value(depth: Int) throws(Fault) -> Kind {
        switch peek {
        case UInt8(ascii: "{"):
            try object(depth: depth)
            return .object
        case UInt8(ascii: "["):
            try list(depth: depth)
            return .list
        case UInt8(ascii: "\""):
            try string()
            return .text
        case UInt8(ascii: "t"): return try word("true", .boolean)
        case UInt8(ascii: "f"): return try word("false", .boolean)
        case UInt8(ascii: "n"): return try word("null", .null)
        default:
            try number()
            return .number
        }
    }

    private mutating func object(depth: Int) throws(Fault) {
        try enter(depth)
        if closes(UInt8(ascii: "}")) { return }
        while true {
            guard peek == UInt8(ascii: "\"") else { throw fault("a name in double quotes must be here") }
            let name = at
            try string()
            let nameEnd = at
            skipBlanks()
            guard peek == UInt8(ascii: ":") else { throw fault("`:` must follow the name") }
            at += 1
            skipBlanks()
            let start = at
            let kind = try value(depth: depth + 1)
            if depth == 1 { found.append(Member(name: Self.text(bytes, name..<nameEnd), kind: kind, range: start..<at)) }
            if try !continues(UInt8(ascii: "}")) { return }
        }
    }

    private mutating func list(depth: Int) throws(Fault) {
        try enter(depth)
        if closes(UInt8(ascii: "]")) { return }
        repeat { _ = try value(depth: depth + 1) } while try continues(UInt8(ascii: "]"))
    }

    private mutating func enter(_ depth: Int) throws(Fault) {
        guard depth <= Self.depth else { throw fault("more than \(Self.depth) levels of nesting") }
        at += 1
        skipBlanks()
    }

    private mutating func closes(_ end: UInt8) -> Bool {
        guard peek == end else { return false }
        at += 1
        return true
    }

    private mutating func continues(_ end: UInt8) throws(Fault) -> Bool {
        skipBlanks()
        if closes(end) { return false }
        guard peek == UInt8(ascii: ",") else { throw fault("`,` or `\(Character(Unicode.Scalar(end)))` must be here") }
        at += 1
        skipBlanks()
        return true
    }

    private mutating func string() throws(Fault) {
        let start = at
        at += 1
        while at < bytes.count {
            switch bytes[at] {
            case UInt8(ascii: "\""):
                at += 1
                return
            case UInt8(ascii: "\\"): try escape()
            case 0..<0x20: throw fault("a control character must be written as \\u00XX")
            default: at += 1
            }
        }
        throw Fault(problem: "a text that begins here never ends", offset: start)
    }

    private mutating func escape() throws(Fault) {
        guard at + 1 < bytes.count else { throw fault("the escape is cut off") }
        guard bytes[at + 1] == UInt8(ascii: "u") else {
            guard Self.simpleEscapes[bytes[at + 1]] != nil else { throw fault("unknown escape") }
            at += 2
            return
        }
        guard let unit = Self.unit(bytes, at + 2) else { throw fault("\\u must be followed by four hex digits") }
        guard unit != 0 else { throw fault("\\u0000 cannot be stored; leave it out") }
        if unit & 0xF800 == 0xD800 {
            guard unit < 0xDC00, at + 7 < bytes.count, bytes[at + 6] == UInt8(ascii: "\\"), bytes[at + 7] == UInt8(ascii: "u"),
                let low = Self.unit(bytes, at + 8), low & 0xFC00 == 0xDC00
            else { throw fault("half a surrogate pair") }
            at += 6
        }
        at += 6
    }

    private mutating func number() throws(Fault) {
        let start = at
        if peek == UInt8(ascii: "-") { at += 1 }
        let leadingZero = peek == UInt8(ascii: "0")
        let whole = digits()
        guard whole > 0 else { throw Fault(problem: "a value must be here", offset: start) }
        guard !leadingZero || whole == 1 else { throw Fault(problem: "a number must not begin with 0", offset: start) }
        if peek == UInt8(ascii: ".") {
            at += 1
            guard digits() > 0 else { throw fault("a digit must follow the point") }
        }
        if peek | 0x20 == UInt8(ascii: "e") {
            at += 1
            if peek == UInt8(ascii: "+") || peek == UInt8(ascii: "-") { at += 1 }
            guard digits() > 0 else { throw fault("a digit must follow the exponent sign") }
        }
    }

    private mutating func digits() -> Int {
        let start = at
        while at < bytes.count, bytes[at] &- UInt8(ascii: "0") < 10 { at += 1 }
        return at - start
    }

    private mutating func word(_ word: String, _ kind: Kind) throws(Fault) -> Kind {
        guard bytes[at...].starts(with: word.utf8) else { throw fault("a value must be here") }
        at += word.utf8.count
        return kind
    }
}

extension JSONMembers {
    static let simpleEscapes: [UInt8: UInt8] = [
        UInt8(ascii: "\""): 0x22, UInt8(ascii: "\\"): 0x5C, UInt8(ascii: "/"): 0x2F, UInt8(ascii: "b"): 0x08,
        UInt8(ascii: "f"): 0x0C, UInt8(ascii: "n"): 0x0A, UInt8(ascii: "r"): 0x0D, UInt8(ascii: "t"): 0x09,
    ]

    static func unit(_ bytes: [UInt8], _ start: Int) -> UInt32? {
        guard start + 4 <= bytes.count else { return nil }
        var unit: UInt32 = 0
        for byte in bytes[start..<start + 4] {
            guard let digit = Character(Unicode.Scalar(byte)).hexDigitValue, byte < 0x80 else { return nil }
            unit = unit << 4 | UInt32(digit)
        }
        return unit
    }

    /// The text that an accepted JSON string, quotes included, stands for.
    static func text(_ bytes: [UInt8], _ range: Range<Int>) -> String {
        let inner = bytes[range.lowerBound + 1..<range.upperBound - 1]
        guard inner.contains(UInt8(ascii: "\\")) else { return String(decoding: inner, as: UTF8.self) }
        var output: [UInt8] = []
        var at = inner.startIndex
        while at < inner.endIndex {
            guard inner[at] == UInt8(ascii: "\\") else {
                output.append(inner[at])
                at += 1
                continue
            }
            if let simple = simpleEscapes[inner[at + 1]] {
                output.append(simple)
                at += 2
                continue
            }
            var value = unit(bytes, at + 2) ?? 0xFFFD
            at += 6
            if value & 0xFC00 == 0xD800, let low = unit(bytes, at + 2) {
                value = 0x10000 + (value & 0x3FF) << 10 + (low & 0x3FF)
                at += 6
            }
            output += Array(String(Character(Unicode.Scalar(value) ?? "\u{FFFD}")).utf8)
        }
        return String(decoding: output, as: UTF8.self)
    }
}
