import Postgres

/// Walks over people in the order of their keys, from behind `after`, and forgets those whose last hit is older than any cap looks back. Answers
/// where to go on; nil: that was the last.
public struct PurgeCapUsage: Statement {
    public static let limit = 10_000
    public var after: String
    public init(after: String) { self.after = after }
    public var sql: String {
        """
        with page as materialized (
            select u.recipient_key, length(u.hits) as length, right(encode(substr(u.hits, greatest(1, length(u.hits) - 15), 8), 'hex'), 16) as newest
            from martlet_data.cap_usage u where u.recipient_key > $1 order by u.recipient_key limit \(Self.limit)),
        idle as materialized (
            select u.recipient_key from martlet_data.cap_usage u where u.recipient_key = any (array(
                select p.recipient_key from page p where p.length = 0 or p.length % 24 = 0
                    and ('x' || p.newest)::bit(64)::int8 < extract(epoch from clock_timestamp()
                        - (select greatest(r.longest, interval '31 days') + interval '1 day' from martlet_data.cap_retention r)) * 1000000))
            for update skip locked),
        gone as (delete from martlet_data.cap_usage u using idle i where u.recipient_key = i.recipient_key
            and (length(u.hits) = 0 or ('x' || encode(substr(u.hits, length(u.hits) - 15, 8), 'hex'))::bit(64)::int8
                < extract(epoch from clock_timestamp() - interval '31 days') * 1000000) returning 1)
        select case when count(*) = \(Self.limit) then max(recipient_key) end, (select count(*) from gone) from page
        """
    }
    public func bind(_ parameters: inout PQParams) { parameters.text(after) }
    public static func read(_ rows: PQRows) throws -> String? { try rows.only.textOrNull(0) }
}
