import Postgres

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
