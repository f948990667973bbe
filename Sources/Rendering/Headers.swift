import Text

/// The extra headers of a message: one JSON object of texts.
enum Headers {
    /// Written by Martlet itself; a message must not forge them.
    private static let reserved: Set<String> = [
        "from", "sender", "to", "cc", "bcc", "subject", "date", "message-id", "mime-version", "content-type",
        "content-transfer-encoding", "return-path", "received", "dkim-signature",
    ]

    static func read(_ json: String) throws(RenderError) -> [(name: String, value: String)] {
        guard json.utf8.count <= RenderLimits.variables else {
            throw .tooLarge(what: "the headers", limit: "\(RenderLimits.variables / 1024) KiB")
        }
        let bytes = json.utf8Span.span
        let nodes: [JSONNode]
        do { nodes = try JSONParser.parse(bytes) } catch {
            throw .badHeaders(problem: "\(error.problem) at byte \(error.offset)")
        }
        guard nodes[0].kind == .object else { throw .badHeaders(problem: "an object must be at byte 0") }
        var headers: [(name: String, value: String)] = []
        var key = 1
        while key < nodes.count {
            let name = text(nodes[key], bytes)
            guard isToken(name) else { throw .badHeaders(problem: "the name at byte \(nodes[key].start) is not a header name") }
            guard !reserved.contains(name.lowercased()) else {
                throw .badHeaders(problem: "`\(name)` is written by Martlet itself")
            }
            guard nodes[key + 1].isText else { throw .badHeaders(problem: "`\(name)` is \(nodes[key + 1].name), not a text") }
            let value = text(nodes[key + 1], bytes)
            guard !value.utf8.contains(where: { $0 == 0x0A || $0 == 0x0D || $0 == 0 }) else {
                throw .badHeaders(problem: "`\(name)` contains a line break or NUL")
            }
            headers.append((name, value))
            key = Int(nodes[key + 1].next)
        }
        return headers
    }

    private static func text(_ node: JSONNode, _ bytes: Span<UInt8>) -> String {
        var decoded: [UInt8] = []
        JSONEscape.decode(bytes, Int(node.start), Int(node.end), into: &decoded)
        return String(decoding: decoded, as: UTF8.self)
    }

    /// A field name (RFC 5322, 3.6.8): printable ASCII without the colon.
    private static func isToken(_ name: String) -> Bool {
        !name.isEmpty && name.utf8.count <= 76 && name.utf8.allSatisfy { $0 > 0x20 && $0 < 0x7F && $0 != 0x3A }
    }
}
