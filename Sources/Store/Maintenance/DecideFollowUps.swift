import Postgres

/// Decides follow-ups that are due, a bounded number of them: the second message is enqueued, or not (`Migrations/0009_create_follow_ups.sql`).
/// Answers how many were decided how: sent, settled, lapsed, refused, or deferred.
public struct DecideFollowUps: Statement {
    public var limit: Int32
    public init(limit: Int32) { self.limit = limit }
    public var sql: String { "select decision, decisions from martlet_data.decide_follow_ups($1)" }
    public func bind(_ parameters: inout PQParams) { parameters.int4(limit) }
    public static func read(_ rows: PQRows) throws -> [(decision: String, count: Int)] {
        try rows.map { (try $0.text(0), Int(try $0.int8(1))) }
    }
}
