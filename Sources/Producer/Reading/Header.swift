import Domain
import Store
import Text

/// The first record of a CSV file.
struct Header {
    /// Of the whole file: then no column is needed for it.
    var defaults: [String: String] = [:]
    /// What a column of the file is called here.
    var names: [String: String] = [:]
    var kind = BulkKind.messages

    private static let needed = ["class", "channel", "recipient", "template"]
    private static let addresses = ["sms", "email", "addresses"]
    /// What separates fields somewhere in the world.
    static let delimiters = Array(",;\t|".utf8)

    /// The columns, all mistakes of the header in one error.
    /// - Parameter text: the header as it stands in the file.
    func columns(_ fields: [String], of text: String) throws(ProducerError) -> [String] {
        // What other systems end lines with: a mainframe's NEL, Unicode's separators, vertical tab and form feed.
        let ends: [Unicode.Scalar: String] = [
            "\r": "CR", "\u{85}": "U+0085", "\u{2028}": "U+2028", "\u{2029}": "U+2029", "\u{B}": "U+000B", "\u{C}": "U+000C",
        ]
        for field in fields {
            guard let end = field.unicodeScalars.compactMap({ ends[$0] }).first else { continue }
            throw .file(
                "line 1 has \(end == "CR" ? "carriage returns" : "the line end \(end)") inside: its lines end in \(end) alone",
                hint: end == "CR"
                    ? "convert it, as with tr '\\r' '\\n'"
                    : "convert it to lines that end in LF, as with python3 -c 'import sys; print(*sys.stdin.read().splitlines(), sep=chr(10))'"
            )
        }
        // Columns behind the last name: empty in every record, or the record is rejected.
        let named = fields.lastIndex { !AddressText.isBlank($0) }.map { fields[...$0] } ?? []
        let given = named.map { String($0.trimmingBlanks) }
        let columns = given.map { names[$0] ?? $0 }
        var problems: [String] = []
        for (index, name) in columns.enumerated() {
            if let problem = problem(name, at: index, in: columns) { problems.append(problem) }
        }
        for name in names.keys.sorted() where !given.contains(name) {
            problems.append("it has no column `\(name)`, which --map names")
        }
        let missing = kind == .people ? [] : Self.needed.filter { !columns.contains($0) && defaults[$0] == nil }
        if let other = missing.isEmpty ? nil : otherDelimiter(text, than: missing) {
            throw .file(
                "the header has no column `\(missing[0])`, but with another delimiter it has", hint: "pass --delimiter '\(other)'"
            )
        }
        if kind == .people, !columns.contains(where: Self.addresses.contains) {
            problems.append(
                "it has no column `sms`, `email` or `addresses`: name the one with addresses, as with --map COLUMN=sms")
        }
        problems += missing.map {
            "it has no column `\($0)`: add it\($0 == "recipient" ? ", or name it with --map COLUMN=recipient" : ", or pass --\($0)")"
        }
        guard problems.isEmpty else { throw .file("the header cannot be understood", hint: problems.joined(separator: "; ")) }
        return columns
    }

    private func problem(_ name: String, at index: Int, in columns: [String]) -> String? {
        if name.isEmpty { return "column \(index + 1) has no name: name it, or remove the column" }
        if columns[..<index].contains(name) { return "`\(name)` is there twice: keep one of the columns" }
        if let meant = RowBuilder.misspelt(name, kind) { return "it has a column `\(name)`: did you mean `\(meant)`?" }
        if name.contains("."), !kind.isColumn(name) {
            return
                "column `\(name)`: a name with a point stands for a member of an object: put objects as JSON into a column `variables`"
        }
        return nil
    }

    private func otherDelimiter(_ text: String, than missing: [String]) -> String? {
        for delimiter in Self.delimiters {
            let fields = Set(Self.fields(text, delimiter).map { names[$0] ?? $0 })
            if fields.isSuperset(of: missing) { return delimiter == 0x09 ? "tab" : String(UnicodeScalar(delimiter)) }
        }
        return nil
    }

    /// Fields of one line; none if it is no CSV with this delimiter.
    private static func fields(_ text: String, _ delimiter: UInt8) -> [String] {
        var parser = CSVParser(delimiter: delimiter)
        guard case .record(let fields) = parser.feed(Line(bytes: Array(text.utf8), number: 1)) else { return [] }
        return fields.map { String($0.trimmingBlanks) }
    }

    /// The delimiter of a file that begins with these bytes: what a line `sep=;` says, else the one that makes most known columns of the header; a comma
    /// where that does not tell.
    static func delimiter(of beginning: [UInt8], names: [String: String], _ kind: BulkKind) -> UInt8 {
        let text = String(
            decoding: beginning.starts(with: [0xEF, 0xBB, 0xBF]) ? beginning.dropFirst(3) : beginning[...], as: UTF8.self)
        guard let line = text.split(whereSeparator: \.isNewline).first(where: { !AddressText.isBlank(String($0)) }) else {
            return UInt8(ascii: ",")
        }
        let separator = Array(line.utf8.dropFirst(4))
        if line.lowercased().hasPrefix("sep="), separator.count == 1 { return separator[0] }
        func known(_ delimiter: UInt8) -> Int { fields(String(line), delimiter).count { kind.isColumn(names[$0] ?? $0) } }
        let counts = delimiters.map { ($0, known($0)) }
        return counts.reduce(counts[0]) { $1.1 > $0.1 ? $1 : $0 }.0
    }
}
