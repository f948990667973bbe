import Store

/// What to import, and how.
public struct ImportOptions: Sendable {
    /// nil: standard input.
    public var path: String?
    /// nil: by the name's extension, else by the first character (`{` is NDJSON).
    public var format: FileFormat?
    /// Of CSV; nil: as in the header, in `.tsv` a tab.
    public var delimiter: UInt8?
    /// The list that the file's people go into; nil: the records are messages.
    public var audience: String?
    var kind: BulkKind { audience == nil ? .messages : .people }
    /// Arguments of enqueue, or columns of people, for records that lack them.
    public var defaults: [String: String] = [:]
    /// What a column or key of the file is called here, such as phone: recipient.
    public var names: [String: String] = [:]
    /// nil: made of the file's name, size and beginning.
    public var importID: String?
    /// nil: beside the file, `<file>.rejects.ndjson`.
    public var rejectsPath: String?
    /// Write the record itself into the reject file.
    public var keepsRecords = true
    /// More rejects than this stop the import; nil: none do.
    public var rejectLimit: Int?
    /// Check the whole file first, and enqueue nothing if anything is wrong (files only).
    public var isStrict = false
    public var duplicates = DuplicatePolicy.warn
    /// False: take also what no template that is pushed can render, because templates are pushed later.
    public var checksTemplates = true
    /// Records per transaction.
    public var batch = 1000
    /// Chunks on their way at once, each over a connection of its own.
    public var connections = 1
    /// How long to try again when the database is away.
    public var patience = Duration.seconds(60)

    public init(path: String?) { self.path = path }

    /// The format for a file that begins with these bytes.
    func format(beginning: [UInt8]) throws(ProducerError) -> FileFormat {
        if [[0xFF, 0xFE], [0xFE, 0xFF]].contains(where: { beginning.starts(with: $0) }) {
            throw .file("the file is UTF-16", hint: "convert it: iconv -f UTF-16 -t UTF-8")
        }
        let separator = delimiter ?? Header.delimiter(of: beginning, names: names, kind)
        if case .csv(let given)? = format {
            return .csv(delimiter: delimiter == nil && given == UInt8(ascii: ",") ? separator : given)
        }
        if let format { return format }
        let name = (path ?? "").lowercased()
        let plain = name.hasSuffix(".gz") ? String(name.dropLast(3)) : name
        if [".ndjson", ".jsonl", ".json"].contains(where: plain.hasSuffix) { return .ndjson }
        if plain.hasSuffix(".csv") { return .csv(delimiter: separator) }
        if plain.hasSuffix(".tsv") { return .csv(delimiter: delimiter ?? 0x09) }
        let text = beginning.starts(with: [0xEF, 0xBB, 0xBF]) ? beginning.dropFirst(3) : beginning[...]
        let first = text.first { $0 > 0x20 }
        return first == UInt8(ascii: "{") ? .ndjson : .csv(delimiter: separator)
    }

    /// Where rejects go.
    func rejectsPath(importName: String) -> String {
        if let rejectsPath { return rejectsPath }
        if let path { return path + ".rejects.ndjson" }
        return String(importName.map { $0.isLetter || $0.isNumber || "-_.".contains($0) ? $0 : "_" }) + ".rejects.ndjson"
    }
}

/// How an import ended.
public struct ImportSummary: Sendable, Equatable {
    public var importName = ""
    /// Lines done by earlier runs.
    public var earlierLines = 0
    /// All lines done.
    public var lines = 0
    /// Rows enqueued by this run.
    public var enqueued = 0
    /// Rejects, earlier runs' included.
    public var rejected = 0
    /// The list that was filled; nil: messages were enqueued.
    public var audience: String?
    /// People of the list, without doubles.
    public var members = 0
    /// Why this run rejected, most frequent first.
    public var reasons: [RejectReason] = []
    public var duplicates = DuplicateReport()
    /// nil: there are no rejects.
    public var rejectsPath: String?
    public var took = Duration.zero
    public var endsWithoutLineFeed = false
    public init() {}
}

/// One reason of rejects: how often, and an example.
public struct RejectReason: Sendable, Equatable {
    public var code: String
    public var field: String?
    public var count: Int
    /// The first line that it was said of, and what was said.
    public var line: Int
    public var reason: String
}

extension [RejectReason] {
    /// With these rejects too, most frequent first.
    mutating func add(_ rejects: [Reject]) {
        for reject in rejects {
            if let index = firstIndex(where: { $0.code == reject.code && $0.field == reject.field }) {
                self[index].count += 1
            } else {
                append(RejectReason(code: reject.code, field: reject.field, count: 1, line: reject.line, reason: reject.reason))
            }
        }
        if !rejects.isEmpty { sort { ($1.count, $0.line) < ($0.count, $1.line) } }
    }
}
