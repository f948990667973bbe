/// One part of a message that came from outside: tolerant of line ends and defects, bounded in depth and number.
struct MIMEReader {
    static let deepest = 5
    static let mostParts = 40
    static let mostFields = 400

    /// In order; names in lower case, values unfolded.
    let fields: [(name: String, value: String)]
    /// The header as it came.
    let header: ArraySlice<UInt8>
    let body: ArraySlice<UInt8>
    /// `multipart/report`, in lower case; `text/plain` where nothing is said.
    let type: String
    let parameters: [String: String]

    init(_ bytes: ArraySlice<UInt8>) {
        (fields, header, body) = Self.split(bytes)
        let words = fields.first { $0.name == "content-type" }.map { Self.words($0.value) } ?? []
        let said = words.first?.lowercased() ?? ""
        type = said.contains("/") ? said : "text/plain"
        var parameters: [String: String] = [:]
        for word in words.dropFirst() {
            guard let equals = word.firstIndex(of: "=") else { continue }
            let name = word[..<equals].trimmed.lowercased()
            if parameters[name] == nil { parameters[name] = String(word[word.index(after: equals)...].trimmed) }
        }
        self.parameters = parameters
    }

    func value(_ name: String) -> String? { fields.first { $0.name == name }?.value }

    /// Kinds of parts that hold a message given back, or its header.
    static let originals: Set<String> = [
        "message/rfc822", "text/rfc822-headers", "message/rfc822-headers", "text/rfc822-header", "text/rfc822", "message/global",
        "message/global-headers",
    ]

    /// With LF line ends where the header has CR alone, as old Macs and some archives write it.
    static func withLineFeeds(_ bytes: ArraySlice<UInt8>) -> ArraySlice<UInt8> {
        guard bytes.firstIndex(of: 0x0A) == nil, bytes.firstIndex(of: 0x0D) != nil else { return bytes }
        return bytes.map { $0 == 0x0D ? 0x0A : $0 }[...]
    }

    /// The first part of this kind, the whole included, without looking into enclosed messages.
    func first(_ types: Set<String>, depth: Int = 0) -> MIMEReader? {
        if types.contains(type) { return self }
        guard depth < Self.deepest else { return nil }
        for part in parts() {
            if let found = part.first(types, depth: depth + 1) { return found }
        }
        return nil
    }

    /// The parts of a multipart; none of anything else.
    func parts() -> [MIMEReader] {
        guard type.hasPrefix("multipart/"), let boundary = parameters["boundary"], !boundary.isEmpty, boundary.utf8.count <= 200
        else { return [] }
        let delimiter = Array("--\(boundary)".utf8)
        var parts: [MIMEReader] = []
        var start: Int?
        for line in Lines(body) where line.content.starts(with: delimiter) {
            let rest = line.content.dropFirst(delimiter.count)
            let isClose = rest.starts(with: [0x2D, 0x2D])
            guard isClose || rest.allSatisfy({ $0 == 0x20 || $0 == 0x09 }) else { continue }
            if let start, start <= line.start { parts.append(MIMEReader(body[start..<line.start])) }
            start = isClose ? nil : line.end
            if isClose || parts.count >= Self.mostParts { return parts }
        }
        // Truncated: what there is of the last part.
        if let start { parts.append(MIMEReader(body[start...])) }
        return parts
    }

    /// The body without its transfer encoding; as it is where the encoding is unknown or broken.
    func decoded() -> [UInt8] {
        switch value("content-transfer-encoding")?.trimmed.lowercased() {
        case "base64": MIMEDecoding.base64(body)
        case "quoted-printable": MIMEDecoding.quotedPrintable(body)
        default: Array(body)
        }
    }

    /// Fields, header and what follows the empty line.
    static func split(
        _ bytes: ArraySlice<UInt8>
    ) -> (fields: [(name: String, value: String)], header: ArraySlice<UInt8>, body: ArraySlice<UInt8>) {
        var fields: [(name: String, value: [UInt8])] = []
        var end = bytes.startIndex
        for line in Lines(bytes) {
            end = line.end
            if line.content.isEmpty { break }
            if let first = line.content.first, first == 0x20 || first == 0x09 {
                // A field that goes on for ever is cut.
                if let last = fields.indices.last, fields[last].value.count < 8192 { fields[last].value += line.content }
            } else if let colon = line.content.firstIndex(of: UInt8(ascii: ":")), fields.count < mostFields {
                let name = String(decoding: line.content[..<colon].prefix(200), as: UTF8.self).trimmed.lowercased()
                fields.append((name, Array(line.content[(colon + 1)...].prefix(8192))))
            }
        }
        let decoded = fields.map { ($0.name, String(String(decoding: $0.value, as: UTF8.self).trimmed)) }
        return (decoded, bytes[..<end], bytes[end...])
    }

    /// `a; b="c;d"` cut at its semicolons, quotes taken off.
    private static func words(_ text: String) -> [String] {
        var words: [[UInt8]] = [[]]
        var isQuoted = false
        var isEscaped = false
        for byte in text.utf8 {
            if isEscaped {
                words[words.count - 1].append(byte)
                isEscaped = false
            } else if isQuoted, byte == UInt8(ascii: "\\") {
                isEscaped = true
            } else if byte == UInt8(ascii: "\"") {
                isQuoted.toggle()
            } else if byte == UInt8(ascii: ";"), !isQuoted {
                words.append([])
            } else {
                words[words.count - 1].append(byte)
            }
        }
        return words.map { String(String(decoding: $0, as: UTF8.self).trimmed) }
    }

    /// Lines with LF or CRLF.
    struct Lines: Sequence, IteratorProtocol {
        private let bytes: ArraySlice<UInt8>
        private var index: Int

        init(_ bytes: ArraySlice<UInt8>) {
            self.bytes = bytes
            index = bytes.startIndex
        }

        /// `end` is where the next line begins.
        mutating func next() -> (content: ArraySlice<UInt8>, start: Int, end: Int)? {
            guard index < bytes.endIndex else { return nil }
            let start = index
            let feed = bytes[start...].firstIndex(of: 0x0A)
            index = feed.map { $0 + 1 } ?? bytes.endIndex
            var content = bytes[start..<(feed ?? bytes.endIndex)]
            if content.last == 0x0D { content = content.dropLast() }
            return (content, start, index)
        }
    }
}

/// Transfer encodings backwards (RFC 2045), skipping what does not belong.
enum MIMEDecoding {
    static func base64(_ bytes: ArraySlice<UInt8>) -> [UInt8] {
        var output: [UInt8] = []
        var bits: UInt32 = 0
        var count = 0
        for byte in bytes {
            let value: UInt8
            switch byte {
            case UInt8(ascii: "A")...UInt8(ascii: "Z"): value = byte - 0x41
            case UInt8(ascii: "a")...UInt8(ascii: "z"): value = byte - 0x61 + 26
            case UInt8(ascii: "0")...UInt8(ascii: "9"): value = byte - 0x30 + 52
            case UInt8(ascii: "+"): value = 62
            case UInt8(ascii: "/"): value = 63
            default: continue
            }
            bits = bits << 6 | UInt32(value)
            count += 6
            if count >= 8 {
                count -= 8
                output.append(UInt8(truncatingIfNeeded: bits >> UInt32(count)))
            }
        }
        return output
    }

    static func quotedPrintable(_ bytes: ArraySlice<UInt8>) -> [UInt8] {
        func digit(_ byte: UInt8) -> UInt8? {
            switch byte {
            case 0x30...0x39: byte - 0x30
            case 0x41...0x46: byte - 0x41 + 10
            case 0x61...0x66: byte - 0x61 + 10
            default: nil
            }
        }
        var output: [UInt8] = []
        var rest = bytes
        while let byte = rest.popFirst() {
            guard byte == UInt8(ascii: "=") else {
                output.append(byte)
                continue
            }
            let next = Array(rest.prefix(2))
            if next.count == 2, let high = digit(next[0]), let low = digit(next[1]) {
                output.append(high << 4 | low)
                rest = rest.dropFirst(2)
            } else if next.first == 0x0A {
                rest = rest.dropFirst()
            } else if next == [0x0D, 0x0A] {
                rest = rest.dropFirst(2)
            } else {
                output.append(byte)
            }
        }
        return output
    }
}

extension MIMEDecoding {
    /// Encoded words (RFC 2047) as text; those of unknown alphabets stay as they are.
    static func encodedWords(_ text: String) -> String {
        guard text.contains("=?") else { return text }
        var output = ""
        var rest = text[...]
        var wasEncoded = false
        while let start = rest.firstRange(of: "=?") {
            let before = rest[..<start.lowerBound]
            let parts = rest[start.upperBound...].prefix(500).split(
                separator: "?", maxSplits: 3, omittingEmptySubsequences: false)
            guard parts.count == 4, parts[3].hasPrefix("="), let word = word(parts[0], parts[1], parts[2]) else {
                output += before + "=?"
                rest = rest[start.upperBound...]
                wasEncoded = false
                continue
            }
            // RFC 2047, 6.2: blanks between two encoded words do not count.
            if !(wasEncoded && before.allSatisfy(\.isWhitespace)) { output += before }
            output += word
            wasEncoded = true
            rest = rest[parts[3].index(after: parts[3].startIndex)...]
        }
        return output + rest
    }

    private static func word(_ charset: Substring, _ encoding: Substring, _ text: Substring) -> String? {
        let bytes: [UInt8]
        switch encoding.lowercased() {
        case "b": bytes = base64(Array(text.utf8)[...])
        case "q": bytes = quotedPrintable(Array(text.replacing("_", with: " ").utf8)[...])
        default: return nil
        }
        let name = charset.prefix { $0 != "*" }
        return MIMECharset.isKnown(name) ? MIMECharset.text(bytes, in: String(name)) : nil
    }
}

extension StringProtocol {
    /// Without blanks at both ends.
    var trimmed: SubSequence {
        let tail = drop(while: \.isWhitespace)
        guard let last = tail.lastIndex(where: { !$0.isWhitespace }) else { return tail }
        return tail[...last]
    }
}
