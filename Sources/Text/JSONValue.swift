/// A JSON text as values: what was read, or what is to be written. Members keep their order; numbers keep the digits they came with, since ids of 20 digits fit
/// into no type.
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
    case number(String)
    case string(String)
    case array([JSONValue])
    case object([Member])
    /// JSON text that PostgreSQL has checked (jsonb).
    case raw(String)

    public static func int(_ value: some BinaryInteger) -> Self { .number(String(value)) }
    public static func int(_ value: Int?) -> Self { value.map { .number(String($0)) } ?? .null }
    /// null where it is no number: JSON has none for infinity.
    public static func double(_ value: Double) -> Self { value.isFinite ? .number(String(value)) : .null }
    public static func text(_ value: String?) -> Self { value.map(Self.string) ?? .null }
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

    /// JSON on one line, without blanks.
    public var line: String {
        switch self {
        case .null: "null"
        case .bool(let value): value ? "true" : "false"
        case .number(let digits): digits
        case .string(let value): JSONString.quoted(value)
        case .raw(let text): text
        case .array(let values): "[" + values.map(\.line).joined(separator: ",") + "]"
        case .object(let members):
            "{" + members.map { "\(JSONString.quoted($0.name)):\($0.value.line)" }.joined(separator: ",") + "}"
        }
    }

    /// The text of a scalar; nil for null, objects and lists.
    public var scalar: String? {
        switch self {
        case .string(let text), .number(let text): text
        case .bool(let value): value ? "true" : "false"
        case .object, .array, .null, .raw: nil
        }
    }

    private func write(to out: inout String, indent: Int) {
        switch self {
        case .null: out += "null"
        case .bool(let value): out += value ? "true" : "false"
        case .number(let digits): out += digits
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
