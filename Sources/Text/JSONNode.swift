/// One value (or key) of a JSON text: where it is, and where the next sibling is. The text itself is not copied.
public struct JSONNode: Sendable, Equatable {
    /// What it is; of a text whether it has escapes.
    public enum Kind: UInt8, Sendable { case object, list, string, escapedString, number, yes, no, null }
    public var kind: Kind
    /// Bytes of the text: of a string without its quotes, of an object or list all of it.
    public var start: Int32
    public var end: Int32
    /// Index of the node after this one and all it contains. An object's key is followed by its value.
    public var next: Int32

    public var isText: Bool { kind == .string || kind == .escapedString }
    public var count: Int { Int(end - start) }
    /// A string decoded; anything else as it was written.
    public func text(in bytes: Span<UInt8>) -> String {
        guard kind == .escapedString else {
            return bytes.extracting(Int(start)..<Int(end)).withUnsafeBufferPointer { String(decoding: $0, as: UTF8.self) }
        }
        var decoded: [UInt8] = []
        JSONEscape.decode(bytes, Int(start), Int(end), into: &decoded)
        return String(decoding: decoded, as: UTF8.self)
    }

    /// For messages to people.
    public var name: String {
        switch kind {
        case .object: "an object"
        case .list: "a list"
        case .string, .escapedString: "a text"
        case .number: "a number"
        case .yes, .no: "a boolean"
        case .null: "null"
        }
    }
}

/// What is wrong with a JSON text; names the place, never the content.
public struct JSONFault: Error, Equatable, CustomStringConvertible {
    public var problem: String
    /// Bytes from 0.
    public var offset: Int

    public init(problem: String, offset: Int) {
        self.problem = problem
        self.offset = offset
    }

    public var description: String { "\(problem) (byte \(offset + 1))" }
}
