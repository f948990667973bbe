import Domain
import Postgres

/// What people wrote to our numbers, newest first; the parts of a long text as one.
public struct ListInbound: Statement {
    /// nil: all.
    public var sender: String?
    /// Only texts with a smaller number.
    public var before: Int64
    public var limit: Int
    public init(sender: String?, before: Int64, limit: Int) {
        self.sender = sender
        self.before = before
        self.limit = limit
    }
    public struct Text: Sendable {
        public var id: Int64
        public var at: Timestamp
        public var provider: String
        public var sender: String
        public var recipient: String
        /// nil: the octets cannot be read.
        public var body: String?
        public var parts: Int
        public var partsHere: Int
    }
    /// By the key, or by the sender's index. The case hides from the planner what it knows nothing of without statistics: that nearly every
    /// text is a first part.
    public var sql: String {
        """
        select f.id, f.at, f.provider, f.sender, f.recipient, p.body, f.parts, p.here
        from (select i.id, i.at, i.provider, i.sender, i.recipient, i.parts, i.body, i.part from martlet_data.inbound_texts i
            where case when i.first_id is null then true else false end and i.id < $1 \(sender == nil ? "and $2::text is null" : "and i.sender = $2") order by i.id desc limit $3) f
        cross join lateral (select case when bool_and(t.body is not null) then string_agg(t.body, '' order by t.part) end as body, count(*)::int2 as here
            from (select f.body, f.part union all select t.body, t.part from martlet_data.inbound_texts t where t.first_id = f.id) t) p
        order by f.id desc
        """
    }
    public func bind(_ parameters: inout PQParams) {
        parameters.int8(before)
        parameters.text(sender)
        parameters.int8(Int64(limit))
    }
    public static func read(_ rows: PQRows) throws -> [Text] {
        try rows.map {
            Text(
                id: try $0.int8(0), at: try $0.timestamp(1), provider: try $0.text(2), sender: try $0.text(3),
                recipient: try $0.text(4), body: try $0.textOrNull(5), parts: Int(try $0.int2(6)), partsHere: Int(try $0.int2(7)))
        }
    }
}
