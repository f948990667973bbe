import Postgres

/// Drops a day of messages, attempts, receipts, links and the ids of carriers; answers `dropped`, or why not.
public struct DropDay: Statement {
    /// `YYYYMMDD`.
    public var day: String
    public init(_ day: String) { self.day = day }
    public var sql: String { "select martlet_data.drop_partitions(to_date($1, 'YYYYMMDD'))" }
    public func bind(_ parameters: inout PQParams) { parameters.text(day) }
    public static func read(_ rows: PQRows) throws -> String? { try rows.first?.text(0) }
}
