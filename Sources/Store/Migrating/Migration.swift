/// One numbered file of `Migrations/`: tables, indexes, data.
public struct Migration: Sendable, Equatable {
    /// From the file's name: `0001` → 1.
    public var version: Int
    /// The file's name.
    public var name: String
    public var sql: String

    public init(version: Int, name: String, sql: String) {
        self.version = version
        self.name = name
        self.sql = sql
    }

    /// All that this binary knows, in order; embedded at build time.
    public static let all: [Migration] = embeddedMigrations.map { file in
        guard let version = Int(file.name.prefix(4)) else {
            preconditionFailure("\(file.name): a migration's name begins with four digits")
        }
        return Migration(version: version, name: file.name, sql: file.sql)
    }

    /// Whether its header says that binaries which do not know it keep working: `Compatible: yes`.
    public var isCompatible: Bool {
        sql.split(separator: "\n").prefix { $0.hasPrefix("--") }.contains { $0.contains("Compatible: yes") }
    }
}

/// One file of `Migrations/objects/`: a function (all that share its name) or a view, made anew whenever its text changed.
public struct SQLObject: Sendable, Equatable {
    /// `schema.name`, as the file's path has it.
    public var name: String
    public var sql: String

    public init(name: String, sql: String) {
        self.name = name
        self.sql = sql
    }

    /// All that this binary knows, each behind those that it names in a line `-- after: schema.name, …`.
    public static let all: [SQLObject] = inOrder(embeddedObjects.map { SQLObject(name: $0.name, sql: $0.sql) })

    /// What must be there before it is made.
    var after: [String] {
        sql.split(separator: "\n").filter { $0.hasPrefix("-- after:") }
            .flatMap { $0.dropFirst("-- after:".count).split(separator: ",") }
            .map { String($0.filter { !$0.isWhitespace }) }
    }

    /// Objects in an order in which each stands behind those it comes after; otherwise as given. Names that are not among them do not matter.
    public static func inOrder(_ objects: [SQLObject]) -> [SQLObject] {
        var left = objects
        var ordered: [SQLObject] = []
        while !left.isEmpty {
            let waiting = Set(left.map(\.name))
            let next = left.filter { object in object.after.allSatisfy { !waiting.contains($0) } }
            precondition(!next.isEmpty, "objects come after each other in a circle: \(waiting.sorted())")
            ordered += next
            let taken = Set(next.map(\.name))
            left.removeAll { taken.contains($0.name) }
        }
        return ordered
    }
}

extension String {
    /// SQL without blank lines and lines that are a comment as a whole: what a checksum is of. A comment can be mended in a merged file.
    var withoutComments: String {
        split(separator: "\n").filter { line in
            let text = line.drop { $0 == " " || $0 == "\t" || $0 == "\r" }
            return !text.isEmpty && !text.hasPrefix("--")
        }.joined(separator: "\n")
    }
}

/// What the database says about the migrations and objects.
public struct MigrationStatus: Sendable, Equatable {
    public enum State: String, Sendable {
        case applied, pending
        /// Its text in the database is not the one this binary has.
        case changed
        /// The database has it, this binary does not, and it says that older binaries keep working.
        case newer
        /// The database has it, this binary does not: the binary is too old.
        case unknown
    }
    public struct Entry: Sendable, Equatable {
        public var version: Int
        public var name: String
        public var state: State
        /// ISO 8601, UTC.
        public var appliedAt: String?
    }
    public var entries: [Entry]
    /// Functions and views that the database does not have as this binary does: `schema.name`, in the order in which they are made.
    public var pendingObjects: [String] = []
    /// Functions and views of which the database has a newer text: it had this binary's before.
    public var newerObjects: [String] = []

    public var pending: [Entry] { entries.filter { $0.state == .pending } }
    /// nil: this binary and this database fit; else what is wrong and what to do.
    public var misfit: String? {
        let wanted = "this binary wants schema \(Migration.all.last?.version ?? 0)"
        if let entry = entries.first(where: { $0.state == .changed }) {
            return
                "migration \(entry.name) was applied with another text than this binary has; \(wanted). Use the binary that migrated this database, or restore the file: merged migrations are never edited."
        }
        if let entry = entries.last(where: { $0.state == .unknown }) {
            return
                "the database has migration \(entry.name), which this binary does not know and older binaries cannot work with; \(wanted). Use a newer binary."
        }
        if let last = pending.last {
            let found =
                entries.last { $0.state == .applied }.map { "the database has schema \($0.version)" }
                ?? "the database has no Martlet schema"
            return
                "\(found), \(wanted) (pending: \(pending.first?.name ?? last.name)\(pending.count > 1 ? " … \(last.name)" : "")). Run `martlet migrate up`."
        }
        if let first = pendingObjects.first {
            return
                "the database has another text of \(pendingObjects.count) functions and views than this binary (\(first)\(pendingObjects.count > 1 ? ", …" : "")). Run `martlet migrate up`."
        }
        return nil
    }
}
