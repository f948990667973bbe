import Domain
import Postgres

/// Which lines of the audit are meant; what is nil matches all.
public struct AuditFilter: Sendable, Equatable {
    public var actor: String?
    public var action: String?
    public var object: String?
    public var since: Timestamp?
    public init() {}
}

/// One page of the audit, newest first, among at most `most` lines that it looks at.
public struct ListAudit: Statement {
    public var filter: AuditFilter
    /// Only lines with a smaller number.
    public var before: Int64
    public var most: Int
    public var limit: Int
    public init(filter: AuditFilter, before: Int64, most: Int, limit: Int) {
        self.filter = filter
        self.before = before
        self.most = most
        self.limit = limit
    }
    public struct Entry: Sendable {
        public var id: Int64
        public var at: Timestamp
        public var actor: String
        public var action: String
        public var object: String
        public var why: String?
        /// JSON.
        public var detail: String?
    }
    public struct Page: Sendable {
        public var entries: [Entry] = []
        public var looked = 0
        /// The smallest number that was looked at; nil: none was left.
        public var last: Int64?
    }
    public var sql: String {
        """
        with page as materialized (select a.id, a.at, a.actor, a.action, a.object, a.why, a.detail from martlet.audit a
            where a.id < $1 order by a.id desc limit $2),
        found as (select p.id, p.at, p.actor, p.action, p.object, p.why, p.detail from page p where ($3::text is null or p.actor = $3)
            and ($4::text is null or p.action = $4) and ($5::text is null or p.object = $5) and ($6::timestamptz is null or p.at >= $6)
            order by p.id desc limit $7)
        select f.id, f.at, f.actor, f.action, f.object, f.why, f.detail, l.looked,
            -- Before then nothing is wanted.
            case when l.oldest >= coalesce($6, '-infinity') then l.last end
        from (select count(*) as looked, min(id) as last, min(at) as oldest from page) l left join found f on true order by f.id desc
        """
    }
    public func bind(_ parameters: inout PQParams) {
        parameters.int8(before)
        parameters.int8(Int64(most))
        parameters.text(filter.actor)
        parameters.text(filter.action)
        parameters.text(filter.object)
        parameters.timestamp(filter.since)
        parameters.int8(Int64(limit))
    }
    public static func read(_ rows: PQRows) throws -> Page {
        var page = Page()
        for row in rows {
            page.looked = Int(try row.int8(7))
            page.last = try row.int8OrNull(8)
            guard let id = try row.int8OrNull(0) else { continue }
            page.entries.append(
                Entry(
                    id: id, at: try row.timestamp(1), actor: try row.text(2), action: try row.text(3), object: try row.text(4),
                    why: try row.textOrNull(5), detail: try row.jsonbOrNull(6)))
        }
        return page
    }
}
