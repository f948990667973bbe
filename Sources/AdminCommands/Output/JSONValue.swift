import Domain

/// What `--json` prints: built in the order in which it is shown. Ids are strings, because they pass 2^53.
indirect enum JSONValue: Sendable, Equatable {
    struct Member: Sendable, Equatable {
        var name: String
        var value: JSONValue
    }
    case null
    case bool(Bool)
    case int(Int64)
    case double(Double)
    case string(String)
    case array([JSONValue])
    case object([Member])
    /// JSON text that PostgreSQL has checked (jsonb).
    case raw(String)

    static func int(_ value: Int) -> Self { .int(Int64(value)) }
    static func int(_ value: Int?) -> Self { value.map { .int(Int64($0)) } ?? .null }
    static func text(_ value: String?) -> Self { value.map(Self.string) ?? .null }
    static func id(_ value: MessageID) -> Self { .string(value.description) }
    /// ISO 8601, UTC.
    static func time(_ value: Timestamp?) -> Self { value.map { .string($0.iso8601) } ?? .null }
    static func raw(_ value: String?) -> Self { value.map { (text: String) in Self.raw(text) } ?? .null }
    static func list<S: Sequence>(_ values: S, _ each: (S.Element) -> JSONValue) -> Self { .array(values.map(each)) }

    /// JSON over several lines, two blanks a level.
    var text: String {
        var out = ""
        write(to: &out, indent: 0)
        return out
    }

    private func write(to out: inout String, indent: Int) {
        switch self {
        case .null: out += "null"
        case .bool(let value): out += value ? "true" : "false"
        case .int(let value): out += String(value)
        case .double(let value): out += value.isFinite ? String(value) : "null"
        case .string(let value): out += JSONString.quoted(value)
        case .raw(let text): out += text
        case .array(let values):
            Self.lines(values, "[", "]", to: &out, indent: indent) { value, out in value.write(to: &out, indent: indent + 1) }
        case .object(let members):
            Self.lines(members, "{", "}", to: &out, indent: indent) { member, out in
                out += JSONString.quoted(member.name) + ": "
                member.value.write(to: &out, indent: indent + 1)
            }
        }
    }

    private static func lines<Item>(
        _ items: [Item], _ open: String, _ close: String, to out: inout String, indent: Int, _ each: (Item, inout String) -> Void
    ) {
        guard !items.isEmpty else {
            out += open + close
            return
        }
        let blanks = String(repeating: "  ", count: indent + 1)
        out += open
        for (index, item) in items.enumerated() {
            out += (index == 0 ? "\n" : ",\n") + blanks
            each(item, &out)
        }
        out += "\n" + blanks.dropLast(2) + close
    }
}

extension JSONValue: ExpressibleByStringLiteral, ExpressibleByArrayLiteral, ExpressibleByDictionaryLiteral {
    init(stringLiteral value: String) { self = .string(value) }
    init(arrayLiteral elements: JSONValue...) { self = .array(elements) }
    init(dictionaryLiteral elements: (String, JSONValue)...) {
        self = .object(elements.map { Member(name: $0.0, value: $0.1) })
    }
}
