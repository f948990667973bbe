import Domain
import Store
import Text

/// Makes rows of records: names that are arguments of `martlet.enqueue`, or columns of people, become columns, all others variables of the template.
struct RowBuilder: Sendable {
    let kind: BulkKind
    private let objects: [String]
    /// For records that lack the argument.
    var defaults: [String: String]
    /// Names of variables that are no misspelt arguments: the same in nearly all lines, and finding out costs more than all else.
    private var plainNames: Set<String> = []

    /// What a key of the file is called here.
    let names: [String: String]

    init(_ kind: BulkKind = .messages, defaults: [String: String], names: [String: String] = [:]) {
        self.kind = kind
        objects = kind.objects
        self.defaults = defaults
        self.names = names
    }

    /// - Parameter columns: the names of the header; as many as `fields`.
    func row(columns: [String], fields: [String]) throws(Problem) -> BulkRow {
        var row = BulkRow()
        var extra: [(name: String, value: String)] = []
        for (column, value) in zip(columns, fields) {
            if kind.isColumn(column) {
                if !value.isEmpty { row[column] = value }
            } else {
                extra.append((column, JSONString.quoted(value)))
            }
        }
        for column in objects {
            guard let text = row[column] else { continue }
            // A line break between two tokens is a blank.
            row[column] = String(decoding: text.utf8.map { $0 == 0x0A || $0 == 0x0D ? 0x20 : $0 }, as: UTF8.self)
        }
        return try finish(row, extra)
    }

    /// - Parameter line: one JSON object, valid UTF-8.
    mutating func row(line: [UInt8]) throws(Problem) -> BulkRow {
        var row = BulkRow()
        var extra: [(name: String, value: String)] = []
        var seen: Set<String> = []
        for var member in try members(of: line, field: nil) {
            if !names.isEmpty, let name = names[member.name] { member.name = name }
            guard seen.insert(member.name).inserted else {
                throw Problem(member.name, "repeated_field", "is there twice", "Keep one of them.")
            }
            let raw = String(decoding: line[member.range], as: UTF8.self)
            if kind.isColumn(member.name) {
                row[member.name] = try argument(member, line, raw)
            } else if let meant = misspeltOnce(member.name) {
                throw Problem(
                    member.name, "unknown_field", "is no \(kind == .messages ? "argument of enqueue" : "column of people")",
                    "Did you mean \(meant)?")
            } else {
                extra.append((member.name, raw))
            }
        }
        return try finish(row, extra)
    }

    private mutating func misspeltOnce(_ name: String) -> String? {
        if plainNames.contains(name) { return nil }
        if let meant = Self.misspelt(name, kind) { return meant }
        if plainNames.count < 1000 { plainNames.insert(name) }
        return nil
    }

    /// The argument that a name differs from only in case or separators, so that it is not taken for a variable.
    static func misspelt(_ name: String, _ kind: BulkKind = .messages) -> String? {
        let plain = name.lowercased().filter { !"_- ".contains($0) }
        return kind.columns.first { $0.filter { $0 != "_" } == plain && $0 != name }
    }

    private func argument(_ member: JSONMembers.Member, _ line: [UInt8], _ raw: String) throws(Problem) -> String? {
        let isObject = objects.contains(member.name)
        switch member.kind {
        case .null: return nil
        case .object where isObject: return raw
        case .text where !isObject: return JSONMembers.text(line, member.range)
        default:
            throw Problem(
                member.name, "bad_type", "must be \(isObject ? "a JSON object" : "a text"), not a JSON \(member.kind)",
                isObject ? "Write it as {…}, or leave it out." : "Put it in double quotes.")
        }
    }

    private func finish(_ given: BulkRow, _ extra: [(name: String, value: String)]) throws(Problem) -> BulkRow {
        var row = given
        for (name, value) in defaults where row[name] == nil { row[name] = value }
        for column in objects where column != "variables" {
            if let object = row[column] { _ = try members(of: Array(object.utf8), field: column) }
        }
        let own = row["variables"].map { Array($0.utf8) }
        let ownMembers = try own.map { bytes throws(Problem) in try members(of: bytes, field: "variables") } ?? []
        guard !extra.isEmpty else { return row }
        var names: Set<String> = []
        var parts: [String] = []
        for member in ownMembers {
            names.insert(member.name)
            parts.append("\(JSONString.quoted(member.name)):\(String(decoding: (own ?? [])[member.range], as: UTF8.self))")
        }
        for (name, value) in extra {
            guard !names.contains(name) else {
                throw Problem(name, "repeated_field", "is there twice, once inside variables", "Keep one of them.")
            }
            parts.append("\(JSONString.quoted(name)):\(value)")
        }
        row["variables"] = "{\(parts.joined(separator: ","))}"
        return row
    }

    private func members(of bytes: [UInt8], field: String?) throws(Problem) -> [JSONMembers.Member] {
        do {
            return try JSONMembers.of(bytes)
        } catch {
            throw Problem(
                field, "bad_json", "\(error.problem) (byte \(error.offset + 1))",
                field == nil ? "Write one JSON object per line (RFC 8259)." : "Write a JSON object.")
        }
    }
}
