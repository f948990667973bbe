import Domain

/// A JSON text that a provider answered. Numbers keep the digits they came with: ids of 20 digits fit into no type.
///
/// Reads what RFC 8259 allows and leaves half surrogates as replacement characters; deeper than `maximumDepth` is refused.
indirect enum AnswerJSON: Sendable, Equatable {
    case object([(name: String, value: AnswerJSON)])
    case list([AnswerJSON])
    case text(String)
    case number(String)
    case bool(Bool)
    case null

    static let maximumDepth = 32

    /// nil: not JSON, or too deep.
    static func parse(_ bytes: [UInt8]) -> AnswerJSON? {
        var reader = Reader(bytes: bytes)
        guard let value = reader.value(depth: 1) else { return nil }
        reader.skipBlanks()
        return reader.at == bytes.count ? value : nil
    }

    /// The text of a scalar; nil for null, objects and lists.
    var scalar: String? {
        switch self {
        case .text(let text), .number(let text): text
        case .bool(let value): value ? "true" : "false"
        case .object, .list, .null: nil
        }
    }

    /// As JSON, on one line.
    var written: String {
        switch self {
        case .object(let members):
            "{" + members.map { "\(JSONString.quoted($0.name)):\($0.value.written)" }.joined(separator: ",") + "}"
        case .list(let items): "[" + items.map(\.written).joined(separator: ",") + "]"
        case .text(let text): JSONString.quoted(text)
        case .number(let digits): digits
        case .bool(let value): value ? "true" : "false"
        case .null: "null"
        }
    }

    static func == (left: Self, right: Self) -> Bool {
        switch (left, right) {
        case (.object(let left), .object(let right)): left.elementsEqual(right) { $0 == $1 }
        case (.list(let left), .list(let right)): left == right
        case (.text(let left), .text(let right)), (.number(let left), .number(let right)): left == right
        case (.bool(let left), .bool(let right)): left == right
        case (.null, .null): true
        default: false
        }
    }
}

extension AnswerJSON {
    private struct Reader {
        let bytes: [UInt8]
        var at = 0

        mutating func skipBlanks() {
            while at < bytes.count, [0x20, 0x09, 0x0A, 0x0D].contains(bytes[at]) { at += 1 }
        }

        mutating func value(depth: Int) -> AnswerJSON? {
            skipBlanks()
            guard at < bytes.count, depth <= maximumDepth else { return nil }
            switch bytes[at] {
            case UInt8(ascii: "{"): return object(depth)
            case UInt8(ascii: "["): return list(depth)
            case UInt8(ascii: "\""): return string().map { .text($0) }
            case UInt8(ascii: "t"): return word("true", .bool(true))
            case UInt8(ascii: "f"): return word("false", .bool(false))
            case UInt8(ascii: "n"): return word("null", .null)
            default: return number()
            }
        }

        /// True when the byte is there; it is passed.
        private mutating func take(_ character: Unicode.Scalar) -> Bool {
            skipBlanks()
            guard at < bytes.count, bytes[at] == UInt8(ascii: character) else { return false }
            at += 1
            return true
        }

        private mutating func object(_ depth: Int) -> AnswerJSON? {
            at += 1
            var members: [(name: String, value: AnswerJSON)] = []
            if take("}") { return .object(members) }
            repeat {
                skipBlanks()
                guard at < bytes.count, bytes[at] == UInt8(ascii: "\""), let name = string(), take(":"),
                    let value = value(depth: depth + 1)
                else { return nil }
                members.append((name, value))
            } while take(",")
            return take("}") ? .object(members) : nil
        }

        private mutating func list(_ depth: Int) -> AnswerJSON? {
            at += 1
            var items: [AnswerJSON] = []
            if take("]") { return .list(items) }
            repeat {
                guard let value = value(depth: depth + 1) else { return nil }
                items.append(value)
            } while take(",")
            return take("]") ? .list(items) : nil
        }

        private mutating func word(_ word: String, _ value: AnswerJSON) -> AnswerJSON? {
            guard bytes[at...].starts(with: word.utf8) else { return nil }
            at += word.utf8.count
            return value
        }

        /// `-? (0 | [1-9][0-9]*) (. [0-9]+)? ([eE] [+-]? [0-9]+)?`
        private mutating func number() -> AnswerJSON? {
            let start = at
            if peek("-") { at += 1 }
            if peek("0") { at += 1 } else if !digits() { return nil }
            if peek(".") {
                at += 1
                guard digits() else { return nil }
            }
            if peek("e") || peek("E") {
                at += 1
                if peek("+") || peek("-") { at += 1 }
                guard digits() else { return nil }
            }
            return .number(String(decoding: bytes[start..<at], as: UTF8.self))
        }

        private func peek(_ character: Unicode.Scalar) -> Bool { at < bytes.count && bytes[at] == UInt8(ascii: character) }

        private mutating func digits() -> Bool {
            let start = at
            while at < bytes.count, (0x30...0x39).contains(bytes[at]) { at += 1 }
            return at > start
        }

        private mutating func string() -> String? {
            at += 1
            var units: [UInt8] = []
            while at < bytes.count {
                let byte = bytes[at]
                at += 1
                switch byte {
                case UInt8(ascii: "\""): return String(decoding: units, as: UTF8.self)
                case UInt8(ascii: "\\"): guard escape(into: &units) else { return nil }
                case 0..<0x20: return nil
                default: units.append(byte)
                }
            }
            return nil
        }

        private mutating func escape(into units: inout [UInt8]) -> Bool {
            guard at < bytes.count else { return false }
            let byte = bytes[at]
            at += 1
            switch byte {
            case UInt8(ascii: "\""), UInt8(ascii: "\\"), UInt8(ascii: "/"): units.append(byte)
            case UInt8(ascii: "b"): units.append(0x08)
            case UInt8(ascii: "f"): units.append(0x0C)
            case UInt8(ascii: "n"): units.append(0x0A)
            case UInt8(ascii: "r"): units.append(0x0D)
            case UInt8(ascii: "t"): units.append(0x09)
            case UInt8(ascii: "u"):
                guard let first = unit() else { return false }
                units.append(contentsOf: String(scalar(from: first)).utf8)
            default: return false
            }
            return true
        }

        private mutating func unit() -> UInt32? {
            guard at + 4 <= bytes.count, bytes[at] != UInt8(ascii: "+"), bytes[at] != UInt8(ascii: "-"),
                let unit = UInt32(String(decoding: bytes[at..<at + 4], as: UTF8.self), radix: 16)
            else { return nil }
            at += 4
            return unit
        }

        private mutating func scalar(from first: UInt32) -> Unicode.Scalar {
            if first & 0xFC00 == 0xD800, bytes[at...].starts(with: "\\u".utf8) {
                let before = at
                at += 2
                if let second = unit(), second & 0xFC00 == 0xDC00 {
                    return Unicode.Scalar(0x10000 + (first & 0x3FF) << 10 + (second & 0x3FF)) ?? "\u{FFFD}"
                }
                at = before
            }
            return Unicode.Scalar(first) ?? "\u{FFFD}"
        }
    }
}

/// Where a value stands in a JSON text: `messages[0].id`, `$.error.code`.
struct JSONPath: Sendable, Equatable {
    private enum Step: Sendable, Equatable {
        case member(String)
        case item(Int)
    }
    private var steps: [Step] = []

    /// nil: not such a path, or longer than 16 steps.
    init?(_ text: String) {
        var rest = text[...]
        if rest.hasPrefix("$") { rest = rest.dropFirst().drop { $0 == "." } }
        while !rest.isEmpty {
            if rest.hasPrefix("[") {
                guard let end = rest.firstIndex(of: "]"), let index = Int(rest[rest.index(after: rest.startIndex)..<end]),
                    (0...999).contains(index)
                else { return nil }
                steps.append(.item(index))
                rest = rest[rest.index(after: end)...]
                if rest.isEmpty { break }
                if rest.hasPrefix(".") { rest = rest.dropFirst() } else if !rest.hasPrefix("[") { return nil }
                continue
            }
            let name = rest.prefix { $0 != "." && $0 != "[" }
            guard !name.isEmpty, !name.contains(where: { $0.isWhitespace || $0 == "]" }) else { return nil }
            steps.append(.member(String(name)))
            rest = rest[name.endIndex...]
            if rest.hasPrefix(".") {
                rest = rest.dropFirst()
                if rest.isEmpty { return nil }
            }
        }
        guard (1...16).contains(steps.count) else { return nil }
    }

    /// The scalar at this place; nil: there is none.
    func text(in json: AnswerJSON) -> String? {
        var value = json
        for step in steps {
            switch (step, value) {
            case (.member(let name), .object(let members)):
                guard let member = members.first(where: { $0.name == name }) else { return nil }
                value = member.value
            case (.item(let index), .list(let items)):
                guard index < items.count else { return nil }
                value = items[index]
            default: return nil
            }
        }
        return value.scalar
    }
}
