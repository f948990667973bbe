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
    /// Each message fits that was enqueued within the times.
    public var takesAll: Bool { state == nil && messageClass == nil && template == nil && group == nil }
}

/// Ids of one page, newest first, among at most `most` that it looks at, whatever the tables hold: dead letters, and what is due, are found by the index of
/// their own table, and all others by the messages' key. What workers hold is looked through as a whole, for that is as much as they may hold.
public struct ListMessages: Statement {
    public var filter: MessageFilter
    /// Only ids below this one.
    public var before: MessageID
    /// At most so many are looked at.
    public var most: Int
    public init(filter: MessageFilter, before: MessageID, most: Int) {
        self.filter = filter
        self.before = before
        self.most = most
    }
    public struct Page: Sendable {
        /// Those that fit, but for their state.
        public var fitting: [MessageID] = []
        public var looked = 0
        /// The smallest id that was looked at; nil: none was left.
        public var last: MessageID?
    }
    public var sql: String {
        func inside(_ id: String) -> String {
            "\(id) < case when $7::timestamptz is null then $1 else least($1, martlet_data.first_id($7)) end and \(id) >= coalesce(martlet_data.first_id($2::timestamptz), 0)"
        }
        let fits = """
            ($4::text is null or m.class_id = (select c.id from martlet_data.classes c where c.name = $4)) and ($5::text is null or m.template = $5)
                and ($6::text is null or m.group_key = $6) as fits
            """
        /// A look-up by key for each, never a join that could read all messages.
        func waiting(_ table: String) -> String {
            """
            select w.message_id, f.fits from (select message_id from martlet_data.\(table) where \(inside("message_id")) order by message_id desc limit $3) w
            left join lateral (select \(fits) from martlet_data.messages m where m.id = w.message_id limit 1) f on true order by w.message_id desc limit $3
            """
        }
        return switch filter.state {
        case "dead":
            """
            select d.message_id, ($4::text is null or d.class = $4) and ($5::text is null or d.template = $5) and ($6::text is null or d.message ->> 'group_key' = $6)
            from martlet_data.dead_letters d where \(inside("d.message_id")) order by d.message_id desc limit $3
            """
        case "due": waiting("due")
        case "leased", "sending": waiting("leased")
        default: "select m.id, \(fits) from martlet_data.messages m where \(inside("m.id")) order by m.id desc limit $3"
        }
    }
    public func bind(_ parameters: inout PQParams) {
        parameters.int8(before.rawValue)
        parameters.timestamp(filter.since)
        parameters.int8(Int64(most))
        parameters.text(filter.messageClass)
        parameters.text(filter.template)
        parameters.text(filter.group)
        parameters.timestamp(filter.before)
    }
    public static func read(_ rows: PQRows) throws -> Page {
        var page = Page(looked: rows.count)
        for row in rows {
            let id = try row.messageID(0)
            if try row.boolOrNull(1) == true { page.fitting.append(id) }
            page.last = id
        }
        return page
    }
}
