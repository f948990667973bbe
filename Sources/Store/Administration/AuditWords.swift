import Postgres

/// The actions that the audit has, for a word that matches none: of the newest lines.
public struct AuditWords: Statement {
    public init() {}
    public var sql: String {
        "select distinct action from (select action from martlet.audit order by id desc limit 100000) a limit 1000"
    }
    public func bind(_ parameters: inout PQParams) {}
    public static func read(_ rows: PQRows) throws -> Set<String> { Set(try rows.map { try $0.text(0) }) }
}
