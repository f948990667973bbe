/// One file of `Migrations/`.
public struct Migration: Sendable, Equatable {
    /// From the file's name: `0001` → 1.
    public var version: Int
    /// The file's name.
    public var name: String
    public var sql: String

    /// All that this binary knows, in order; embedded at build time.
    public static let all: [Migration] = embeddedMigrations.map { file in
        guard let version = Int(file.name.prefix(4)) else {
            preconditionFailure("\(file.name): a migration's name begins with four digits")
        }
        return Migration(version: version, name: file.name, sql: file.sql)
    }
}

/// What the database says about the migrations.
public struct MigrationStatus: Sendable, Equatable {
    public enum State: String, Sendable {
        case applied, pending
        /// Its text in the database is not the one this binary has.
        case changed
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

    public var pending: [Entry] { entries.filter { $0.state == .pending } }
    /// nil: this binary and this database fit; else what is wrong and what to do.
    public var misfit: String? {
        let wanted = "this binary wants schema \(Migration.all.last?.version ?? 0)"
        if let entry = entries.first(where: { $0.state == .changed }) {
            return
                "migration \(entry.name) was applied with another text than this binary has; \(wanted). Use the binary that migrated this database, or restore the file: merged migrations are never edited."
        }
        if let entry = entries.last(where: { $0.state == .unknown }) {
            return "the database has migration \(entry.name), which this binary does not know; \(wanted). Use a newer binary."
        }
        if let last = pending.last {
            let found =
                entries.last { $0.state == .applied }.map { "the database has schema \($0.version)" }
                ?? "the database has no Martlet schema"
            return
                "\(found), \(wanted) (pending: \(pending.first?.name ?? last.name)\(pending.count > 1 ? " … \(last.name)" : "")). Run `martlet migrate up`."
        }
        return nil
    }
}
