import Domain
import Postgres

/// Which messages a list is about; what is nil matches all.
public struct MessageFilter: Sendable, Equatable {
    public var state: String?
    public var messageClass: String?
    public var template: String?
    public var group: String?
    /// Enqueued before then.
    public var before: Timestamp?
    /// Enqueued since then.
    public var since: Timestamp?
    public init() {}
}

/// One page of messages, newest first, among at most `most` that it looks at: by the key's index, whatever the tables hold. Dead letters are
/// found among the dead letters. It looks once through what is leased and due: these have no index by message.
public struct ListMessages: Statement {
    public var filter: MessageFilter
    /// Only ids below this one.
    public var before: MessageID
    /// At most so many are looked at.
    public var most: Int
    public var limit: Int
    public init(filter: MessageFilter, before: MessageID, most: Int, limit: Int) {
        self.filter = filter
        self.before = before
        self.most = most
        self.limit = limit
    }
    public struct Page: Sendable {
        public var messages: [MessageOverview] = []
        public var looked = 0
        /// The smallest id that was looked at; nil: none was left.
        public var last: MessageID?
    }
    public var sql: String {
        let page =
            filter.state == "dead"
            ? """
            select d.message_id as id, ($4::text is null or d.class = $4) and ($5::text is null or d.template = $5)
                and ($6::text is null or d.message ->> 'group_key' = $6) as fits
            from martlet_data.dead_letters d where d.message_id < case when $9::timestamptz is null then $1 else least($1, martlet_data.first_id($9)) end and d.message_id >= coalesce(martlet_data.first_id($2::timestamptz), 0) order by d.message_id desc limit $3
            """
            : """
            select m.id, ($4::text is null or m.class_id = (select c.id from martlet_data.classes c where c.name = $4)) and ($5::text is null or m.template = $5)
                and ($6::text is null or m.group_key = $6) as fits
            from martlet_data.messages m where m.id < case when $9::timestamptz is null then $1 else least($1, martlet_data.first_id($9)) end and m.id >= coalesce(martlet_data.first_id($2::timestamptz), 0) order by m.id desc limit $3
            """
        return """
            with page as materialized (\(page)),
            -- Where no state is asked for, those that are shown and no more. What is leased and due has no index by message: it is looked through once.
            found as (select \(MessageOverview.columns) from martlet.message_status where message_id = any (array(
                    select id from page where fits order by id desc limit case when $7::text is null then $8 else $3 end))
                and ($7::text is null or state = $7) order by message_id desc limit $8)
            select \(MessageOverview.columns), p.looked, p.last
            from (select count(*) as looked, min(id) as last from page) p left join found f on true order by f.message_id desc
            """
    }
    public func bind(_ parameters: inout PQParams) {
        parameters.int8(before.rawValue)
        parameters.timestamp(filter.since)
        parameters.int8(Int64(most))
        parameters.text(filter.messageClass)
        parameters.text(filter.template)
        parameters.text(filter.group)
        parameters.text(filter.state)
        parameters.int8(Int64(limit))
        parameters.timestamp(filter.before)
    }
    public static func read(_ rows: PQRows) throws -> Page {
        var page = Page()
        for row in rows {
            page.looked = Int(try row.int8(14))
            page.last = try row.int8OrNull(15).map { MessageID($0) }
            if try row.int8OrNull(0) != nil { page.messages.append(try MessageOverview(row)) }
        }
        return page
    }
}
