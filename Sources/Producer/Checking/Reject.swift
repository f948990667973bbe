import Domain
import Store
import Text

/// One record that is not enqueued, and what to do about it: a line of the reject file.
public struct Reject: Sendable, Equatable {
    /// Where the record begins, from 1.
    public var line: Int
    /// The argument or column that is wrong; nil: the record as a whole.
    public var field: String?
    /// SQLSTATE of the server (`MT003`), or a word of ours (`bad_csv`).
    public var code: String
    public var reason: String
    public var remedy: String
    /// As it stood in the file.
    public var record: String

    init(_ line: Int, _ field: String?, _ code: String, _ reason: String, _ remedy: String, record: String) {
        self.line = line
        self.field = field
        self.code = code
        self.reason = reason
        self.remedy = remedy
        self.record = record
    }

    init(_ refusal: RowRefusal, of record: Record) {
        self.init(
            record.line, refusal.field, refusal.sqlstate, refusal.reason, refusal.remedy ?? "Correct the value.",
            record: record.text)
    }

    /// One JSON object and a line feed.
    func encoded(withRecord: Bool) -> String {
        var members = ["\"line\":\(line)"]
        if let field { members.append("\"field\":\(JSONString.quoted(field))") }
        for (name, value) in [("code", code), ("reason", reason), ("remedy", remedy)] {
            members.append("\"\(name)\":\(JSONString.quoted(value))")
        }
        if withRecord, !record.isEmpty { members.append("\"record\":\(JSONString.quoted(record))") }
        return "{\(members.joined(separator: ","))}\n"
    }
}

/// One record of the file, ready for the server.
struct Record: Sendable, Equatable {
    /// Its first and last physical line, from 1.
    var line: Int
    var lastLine: Int
    /// As it stood in the file, without its last line end.
    var text: String
    var row: BulkRow
}

/// What is wrong with a record, before it is known which record it is.
struct Problem: Error, Equatable {
    var field: String?
    var code: String
    var reason: String
    var remedy: String

    init(_ field: String?, _ code: String, _ reason: String, _ remedy: String) {
        self.field = field
        self.code = code
        self.reason = reason
        self.remedy = remedy
    }

    func reject(line: Int, record: String) -> Reject { Reject(line, field, code, reason, remedy, record: record) }
}
