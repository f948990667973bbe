import Postgres

/// Deletes people of lists and runs that no run needs any more; answers how many tables went.
public struct DropMembers: Statement {
    /// Of a run's members, from its start on.
    public var keep: Duration
    public init(keep: Duration) { self.keep = keep }
    public var sql: String { "select martlet_data.drop_members($1::interval)" }
    public func bind(_ parameters: inout PQParams) { parameters.interval(keep) }
    public static func read(_ rows: PQRows) throws -> Int32 { try rows.only.int4(0) }
}
