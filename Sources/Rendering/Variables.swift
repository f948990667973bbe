import Text

/// The variables of one message: a JSON object, checked once, read where a template asks.
///
/// Of a name that occurs twice the last value counts, as in PostgreSQL's `jsonb`.
public struct Variables: Sendable {
    let text: String
    /// The first node is the object.
    let nodes: [JSONNode]

    /// - Parameter text: one JSON object (RFC 8259), at most 64 KiB, at most 32 levels deep.
    public init(_ text: String) throws(RenderError) {
        guard text.utf8.count <= RenderLimits.variables else {
            throw .tooLarge(what: "the variables", limit: "\(RenderLimits.variables / 1024) KiB")
        }
        do {
            self.nodes = try JSONParser.parse(text.utf8Span.span)
        } catch {
            throw .badVariables(problem: error.problem, offset: error.offset)
        }
        guard nodes[0].kind == .object else { throw .badVariables(problem: "an object must be here", offset: 0) }
        self.text = text
    }

    /// The same from bytes that may not be UTF-8.
    public init(utf8: [UInt8]) throws(RenderError) {
        do {
            _ = try UTF8Span(validating: utf8.span)
        } catch {
            throw .badVariables(problem: "not UTF-8", offset: error.byteOffsets.lowerBound)
        }
        try self.init(String(decoding: utf8, as: UTF8.self))
    }

    /// Whether a (dotted) name is there with something in it: not null, not an empty list or object, not only white space.
    public func isPresent(_ name: String) -> Bool { isPresent(VariablePath(name)) }

    func isPresent(_ path: VariablePath) -> Bool {
        let bytes = text.utf8Span.span
        guard let node = find(path, bytes).map({ nodes[$0] }) else { return false }
        switch node.kind {
        case .null: return false
        case .object, .list: return !isBlank(bytes.extracting(Int(node.start) + 1..<Int(node.end) - 1))
        case .string: return !isBlank(bytes.extracting(Int(node.start)..<Int(node.end)))
        case .escapedString:
            var decoded: [UInt8] = []
            JSONEscape.decode(bytes, Int(node.start), Int(node.end), into: &decoded)
            return !isBlank(decoded.span)
        case .number, .yes, .no: return true
        }
    }

    /// Nothing in it that shows: white space of any script and zero-width characters do not.
    private func isBlank(_ text: Span<UInt8>) -> Bool {
        var at = 0
        while at < text.count {
            let (value, length) = UTF8Text.scalar(text, at)
            if value > 0x20, value < 0x80 { return false }
            let properties = Unicode.Scalar(value)?.properties
            guard value <= 0x20 || properties?.isWhitespace == true || properties?.isDefaultIgnorableCodePoint == true else {
                return false
            }
            at += length
        }
        return true
    }

    /// The value of a path in the whole object; nil if any step is not there.
    private func find(_ path: VariablePath, _ bytes: Span<UInt8>) -> Int? {
        guard let first = path.names.first, let found = member(first, of: 0, bytes) else { return nil }
        return find(path, after: found, bytes)
    }

    /// The value of a path whose first name led to `node`.
    func find(_ path: VariablePath, after node: Int, _ bytes: Span<UInt8>) -> Int? {
        var node = node
        for name in path.names.dropFirst() {
            guard let found = member(name, of: node, bytes) else { return nil }
            node = found
        }
        return node
    }

    /// Index of the value of a name in an object, or nil.
    func member(_ name: [UInt8], of object: Int, _ bytes: Span<UInt8>) -> Int? {
        guard nodes[object].kind == .object else { return nil }
        let end = Int(nodes[object].next)
        var key = object + 1
        var found: Int?
        while key < end {
            if isEqual(nodes[key], name, bytes) { found = key + 1 }
            key = Int(nodes[key + 1].next)
        }
        return found
    }

    private func isEqual(_ key: JSONNode, _ name: [UInt8], _ bytes: Span<UInt8>) -> Bool {
        if key.kind == .string {
            guard key.count == name.count else { return false }
            let start = Int(key.start)
            for index in 0..<name.count where bytes[start + index] != name[index] { return false }
            return true
        }
        var decoded: [UInt8] = []
        JSONEscape.decode(bytes, Int(key.start), Int(key.end), into: &decoded)
        return decoded == name
    }
}

/// A dotted name, cut once.
struct VariablePath: Sendable, Equatable {
    /// As written; `.` is the current value and has no names.
    let text: String
    let names: [[UInt8]]

    init(_ text: String) {
        self.text = text
        self.names =
            text == "." ? [] : text.utf8.split(separator: UInt8(ascii: "."), omittingEmptySubsequences: false).map(Array.init)
    }
}
