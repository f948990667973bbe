/// Writes header fields: folded, with encoded-words where ASCII does not suffice (RFC 5322, 2047, 2231).
struct MIMEHeader {
    /// A value that must not be written, with the field's name.
    struct Refused: Error, Equatable {
        var field: String
        var cause: String
    }
    private(set) var bytes: [UInt8] = []
    /// RFC 2047, 2: a line with an encoded-word has at most 76 characters; plain lines are folded after 78.
    private static let encodedLine = 76
    private static let plainLine = 78

    init() {}

    /// Trusted ASCII of our own, already folded.
    mutating func raw(_ name: String, _ value: String) {
        bytes.append(contentsOf: name.utf8)
        bytes.append(contentsOf: ": ".utf8)
        line(value)
    }

    private mutating func line(_ text: String) {
        bytes.append(contentsOf: text.utf8)
        bytes.append(0x0D)
        bytes.append(0x0A)
    }

    /// Free text such as a subject.
    mutating func text(_ name: String, _ value: String) throws(Refused) {
        try Self.check(name, value)
        if !Self.isPlain(value) {
            line("\(name):" + Self.encodedWords(value, column: name.utf8.count + 1))
        } else if name.utf8.count + 2 + value.utf8.count <= Self.plainLine {
            raw(name, value)
        } else {
            line(Self.folded("\(name): \(value)"))
        }
    }

    /// A structured value that is ASCII already: folded at its spaces, never encoded.
    mutating func structured(_ name: String, _ value: String) throws(Refused) {
        try Self.check(name, value)
        guard value.utf8.allSatisfy({ $0 < 0x80 }) else { throw Refused(field: name, cause: "only ASCII may stand here") }
        let folded = Self.folded("\(name): \(value)")
        // Lengths in octets: Swift counts CR LF as one character.
        guard folded.utf8.split(separator: 0x0A).allSatisfy({ $0.count <= 998 }) else {
            throw Refused(field: name, cause: "a word of more than 900 characters cannot be folded")
        }
        line(folded)
    }

    /// `From: "Name" <a@b>`.
    mutating func mailbox(_ name: String, _ mailbox: Mailbox, displayName: String?) throws(Refused) {
        guard let displayName, !displayName.isEmpty else { return line("\(name): \(mailbox.address)") }
        try Self.check(name, displayName)
        let phrase = Self.phrase(displayName, column: name.utf8.count + 1)
        // Folded before the address: one line would pass 76 characters with most addresses.
        let last =
            phrase.utf8.count
            - (phrase.utf8.lastIndex(of: 0x0A).map { phrase.utf8.distance(from: phrase.startIndex, to: $0) + 1 } ?? 0)
        let separator = name.utf8.count + 1 + last + 3 + mailbox.address.utf8.count > Self.encodedLine ? "\r\n " : " "
        line("\(name):\(phrase)\(separator)<\(mailbox.address)>")
    }

    /// CR, LF, NUL and other control characters end or hide header fields: refused, never repaired.
    private static func check(_ name: String, _ value: String) throws(Refused) {
        guard value.utf8.allSatisfy({ ($0 >= 0x20 && $0 != 0x7F) || $0 == 0x09 }) else {
            throw Refused(field: name, cause: "a line break or control character has no place in a header")
        }
    }

    /// Readable as it stands: ASCII, nothing that looks like an encoded-word, no space that a reader would drop, foldable.
    private static func isPlain(_ value: String) -> Bool {
        guard let first = value.utf8.first, let last = value.utf8.last else { return true }
        guard !isSpace(first), !isSpace(last) else { return false }
        var word = 0
        var before: UInt8 = 0
        for byte in value.utf8 {
            if byte >= 0x80 || byte == 0x09 || (byte == UInt8(ascii: "?") && before == UInt8(ascii: "=")) { return false }
            word = byte == 0x20 ? 0 : word + 1
            if word > 60 { return false }
            before = byte
        }
        return true
    }

    private static func isSpace(_ byte: UInt8) -> Bool { byte == 0x20 || byte == 0x09 }

    /// Line ends before spaces so that lines stay short; removing them gives the text back.
    static func folded(_ text: String) -> String {
        var output: [UInt8] = []
        var column = 0
        var rest = Array(text.utf8)[...]
        while !rest.isEmpty {
            let word = rest.prefix { isSpace($0) }.count
            let end = rest.dropFirst(word).firstIndex(where: isSpace) ?? rest.endIndex
            let token = rest[..<end]
            if word > 0, column > 0, column + token.count > plainLine, token.count > word, output.last != UInt8(ascii: ":") {
                output += [0x0D, 0x0A]
                column = 0
            }
            output += token
            column += token.count
            rest = rest[end...]
        }
        return String(decoding: output, as: UTF8.self)
    }

    /// Display name: atoms as they are, other ASCII quoted, the rest encoded. Begins with a space or a fold.
    private static func phrase(_ name: String, column: Int) -> String {
        let isASCII = name.utf8.allSatisfy { $0 >= 0x20 && $0 < 0x7F }
        let words = name.utf8.split(separator: 0x20, omittingEmptySubsequences: false)
        guard isASCII, name.utf8.count <= 50, !name.contains("=?") else { return encodedWords(name, column: column) }
        if words.allSatisfy({ !$0.isEmpty && $0.allSatisfy(Mailbox.isAtomText) }) { return " " + name }
        return " " + quoted(name)
    }

    static func quoted(_ text: String) -> String {
        "\"" + text.replacing("\\", with: "\\\\").replacing("\"", with: "\\\"") + "\""
    }

    /// Encoded-words of at most 75 characters, each a whole number of characters, one per line after the first.
    static func encodedWords(_ value: String, column: Int) -> String {
        let bytes = Array(value.utf8)
        let usesBase64 = (bytes.count + 2) / 3 * 4 < bytes.reduce(0) { $0 + (isQSafe($1) || $1 == 0x20 ? 1 : 3) }
        var output = ""
        var word: [UInt8] = []
        var room = encodedLine - column - 1
        var isFirst = true
        func flush() {
            let text = usesBase64 ? "=?utf-8?B?\(MIMEBody.base64(word))?=" : "=?utf-8?Q?\(q(word))?="
            output += (isFirst ? " " : "\r\n ") + text
            isFirst = false
            word = []
            room = encodedLine - 1
        }
        func length(_ count: [UInt8]) -> Int {
            12 + (usesBase64 ? (count.count + 2) / 3 * 4 : count.reduce(0) { $0 + (isQSafe($1) || $1 == 0x20 ? 1 : 3) })
        }
        func add(_ unit: [UInt8]) {
            if length(word + unit) > room {
                if word.isEmpty {
                    // A long field name leaves no room beside it.
                    output += "\r\n"
                    room = encodedLine - 1
                } else {
                    flush()
                }
            }
            word += unit
        }
        for character in value {
            let unit = Array(character.utf8)
            // A grapheme too long for any word is cut between its scalars.
            if length(unit) <= encodedLine - 1 {
                add(unit)
            } else {
                for scalar in character.unicodeScalars { add(Array(String(scalar).utf8)) }
            }
        }
        if !word.isEmpty || isFirst { flush() }
        return output
    }

    /// RFC 2047, 5 (3): what may stand unencoded everywhere, in phrases too.
    private static func isQSafe(_ byte: UInt8) -> Bool {
        switch byte {
        case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"), UInt8(ascii: "0")...UInt8(ascii: "9"):
            true
        default: "!*+-/".utf8.contains(byte)
        }
    }

    private static func q(_ bytes: [UInt8]) -> String {
        var output: [UInt8] = []
        for byte in bytes {
            if byte == 0x20 {
                output.append(UInt8(ascii: "_"))
            } else if isQSafe(byte) {
                output.append(byte)
            } else {
                output += MIMEBody.hex(byte, prefix: UInt8(ascii: "="))
            }
        }
        return String(decoding: output, as: UTF8.self)
    }

    /// `; filename=…` of a Content-Disposition: quoted ASCII, or RFC 2231 with continuations.
    static func parameter(_ name: String, _ value: String, field: String) throws(Refused) -> String {
        try check(field, value)
        if value.utf8.allSatisfy({ $0 >= 0x20 && $0 < 0x7F }), value.utf8.count <= 50 { return ";\r\n \(name)=\(quoted(value))" }
        var pieces: [[UInt8]] = [[]]
        for scalar in value.unicodeScalars {
            // Whole characters only: some readers decode piece by piece.
            let unit = String(scalar).utf8.flatMap { byte in
                isQSafe(byte) && byte != UInt8(ascii: "*") ? [byte] : MIMEBody.hex(byte, prefix: UInt8(ascii: "%"))
            }
            if pieces[pieces.count - 1].count + unit.count > 50 { pieces.append([]) }
            pieces[pieces.count - 1] += unit
        }
        let texts = pieces.map { String(decoding: $0, as: UTF8.self) }
        if texts.count == 1 { return ";\r\n \(name)*=utf-8''\(texts[0])" }
        return texts.enumerated().map { ";\r\n \(name)*\($0)*=\($0 == 0 ? "utf-8''" : "")\($1)" }.joined()
    }
}
