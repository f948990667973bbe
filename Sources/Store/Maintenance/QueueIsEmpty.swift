import Postgres

/// Whether nothing is ready and nothing is leased, in any lane: what `--until-idle` waits for.
public struct QueueIsEmpty: Statement {
    public init() {}
    public var sql: String {
        "select not exists (select from martlet_data.ready) and not exists (select from martlet_data.leased)"
    }
    public func bind(_ parameters: inout PQParams) {}
    public static func read(_ rows: PQRows) throws -> Bool { try rows.only.bool(0) }
}
