import Domain

/// An output that the command line and the HTTP API show as the same JSON.
public protocol JSONConvertible {
    var json: JSONValue { get }
}

/// JSON of an output: built in the order in which it is shown. Ids are strings, because they pass 2^53.
public indirect enum JSONValue: Sendable, Equatable {
    public struct Member: Sendable, Equatable {
        public var name: String
        public var value: JSONValue
        public init(name: String, value: JSONValue) {
            self.name = name
            self.value = value
        }
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

    public static func int(_ value: Int) -> Self { .int(Int64(value)) }
    public static func int(_ value: Int?) -> Self { value.map { .int(Int64($0)) } ?? .null }
    public static func text(_ value: String?) -> Self { value.map(Self.string) ?? .null }
    public static func id(_ value: MessageID) -> Self { .string(value.description) }
    /// ISO 8601, UTC.
    public static func time(_ value: Timestamp?) -> Self { value.map { .string($0.iso8601) } ?? .null }
    public static func raw(_ value: String?) -> Self { value.map { (text: String) in Self.raw(text) } ?? .null }
    public static func list<S: Sequence>(_ values: S, _ each: (S.Element) -> JSONValue) -> Self { .array(values.map(each)) }

    /// The members of an object by name.
    public static func object<V>(_ values: [String: V], _ each: (V) -> JSONValue) -> Self {
        .object(values.sorted { $0.key < $1.key }.map { Member(name: $0.key, value: each($0.value)) })
    }

    /// The same object with one member more.
    public func adding(_ name: String, _ value: JSONValue) -> Self {
        guard case .object(let members) = self else { return self }
        return .object(members + [Member(name: name, value: value)])
    }

    /// JSON over several lines, two blanks a level.
    public var text: String {
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
    public init(stringLiteral value: String) { self = .string(value) }
    public init(arrayLiteral elements: JSONValue...) { self = .array(elements) }
    public init(dictionaryLiteral elements: (String, JSONValue)...) {
        self = .object(elements.map { Member(name: $0.0, value: $0.1) })
    }
}

extension Array: JSONConvertible where Element: JSONConvertible {
    public var json: JSONValue { .list(self, \.json) }
}
