import Domain
public import Text

/// An output that the command line and the HTTP API show as the same JSON. Ids are strings, because they pass 2^53.
public protocol JSONConvertible {
    var json: JSONValue { get }
}

extension JSONValue {
    public static func id(_ value: MessageID) -> Self { .string(value.description) }
    /// ISO 8601, UTC.
    public static func time(_ value: Timestamp?) -> Self { value.map { .string($0.iso8601) } ?? .null }
}

extension Array: JSONConvertible where Element: JSONConvertible {
    public var json: JSONValue { .list(self, \.json) }
}
