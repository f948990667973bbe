import Domain
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

/// Forgets decided follow-ups of messages older than `keep`, a bounded number at a time; answers how many.
public struct PurgeFollowUps: Statement {
    public var keep: Duration
    public init(keep: Duration) { self.keep = keep }
    public var sql: String {
        """
        with gone as (delete from martlet_data.follow_ups where message_id = any (array(
            select message_id from martlet_data.follow_ups where message_id < martlet_data.first_id(clock_timestamp() - $1::interval) and state <> 'open'
            order by message_id limit 10000)) returning 1)
        select count(*) from gone
        """
    }
    public func bind(_ parameters: inout PQParams) { parameters.interval(keep) }
    public static func read(_ rows: PQRows) throws -> Int64 { try rows.only.int8(0) }
}
