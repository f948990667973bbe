import Domain
import Postgres
import Text

/// Begins an import or finds it again; answers how many lines are done. SQLSTATE MT014: another file went under this name, or it was given other arguments.
public struct ImportBegin: Statement {
    public var name: String
    /// Of the beginning of the file.
    public var beginning: [UInt8]
    /// What is given for all records, by argument; another run must give the same.
    public var arguments: [String: String]
    public init(name: String, beginning: [UInt8], arguments: [String: String] = [:]) {
        self.name = name
        self.beginning = beginning
        self.arguments = arguments
    }
    public var sql: String { "select martlet.import_begin($1, encode(sha256($2), 'hex'), $3)" }
    public func bind(_ parameters: inout PQParams) {
        parameters.text(name)
        parameters.bytea(beginning)
        let members = arguments.sorted { $0.key < $1.key }.map { "\(JSONString.quoted($0.key)):\(JSONString.quoted($0.value))" }
        parameters.jsonb("{\(members.joined(separator: ","))}")
    }
    public static func read(_ rows: PQRows) throws -> Int64 { try rows.only.int8(0) }
}

/// Moves an import from one line to another, in the transaction of the rows between them. SQLSTATE MT014: another run was faster.
public struct ImportAdvance: Statement {
    public var name: String
    public var fromLine: Int64
    public var toLine: Int64
    public var enqueued: Int64
    public var isFinished: Bool
    public init(name: String, fromLine: Int64, toLine: Int64, enqueued: Int64, isFinished: Bool) {
        self.name = name
        self.fromLine = fromLine
        self.toLine = toLine
        self.enqueued = enqueued
        self.isFinished = isFinished
    }
    public var sql: String { "select martlet.import_advance($1, $2, $3, $4, $5)::text" }
    public func bind(_ parameters: inout PQParams) {
        parameters.text(name)
        parameters.int8(fromLine)
        parameters.int8(toLine)
        parameters.int8(enqueued)
        parameters.bool(isFinished)
    }
}

/// First half of SHA-256 in hex, for naming an import; no shared state is touched.
public struct FileDigest: Statement {
    public var bytes: [UInt8]
    public init(bytes: [UInt8]) { self.bytes = bytes }
    public var sql: String { "select left(encode(sha256($1), 'hex'), 16)" }
    public func bind(_ parameters: inout PQParams) { parameters.bytea(bytes) }
    public static func read(_ rows: PQRows) throws -> String { try rows.only.text(0) }
}

/// What follows can be undone alone.
public struct BulkSavepoint: Statement {
    public init() {}
    public var sql: String { "savepoint bulk_rows" }
    public func bind(_ parameters: inout PQParams) {}
}

/// Undoes what followed the savepoint.
public struct BulkRollback: Statement {
    public init() {}
    public var sql: String { "rollback to savepoint bulk_rows" }
    public func bind(_ parameters: inout PQParams) {}
}

/// Keeps what followed the savepoint.
public struct BulkRelease: Statement {
    public init() {}
    public var sql: String { "release savepoint bulk_rows" }
    public func bind(_ parameters: inout PQParams) {}
}
