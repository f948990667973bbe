/// One value (or key) of a JSON text: where it is, and where the next sibling is. The text itself is not copied.
struct JSONNode: Sendable, Equatable {
    enum Kind: UInt8, Sendable { case object, list, string, escapedString, number, yes, no, null }
    var kind: Kind
    /// Bytes of the text: of a string without its quotes, of an object or list all of it.
    var start: Int32
    var end: Int32
    /// Index of the node after this one and all it contains. An object's key is followed by its value.
    var next: Int32

    var isText: Bool { kind == .string || kind == .escapedString }
    var count: Int { Int(end - start) }
    /// For messages to people.
    var name: String {
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
struct JSONFault: Error {
    var problem: String
    var offset: Int
}
