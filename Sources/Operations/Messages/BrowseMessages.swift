import Domain
import Store
import Text

/// Messages by state, class, template, group and age, newest first, a page at a time. It looks at a bounded number of messages and says where
/// the next page begins: by keys, so that it costs the same beside millions, waiting or sent.
public struct BrowseMessages: UseCase {
    public static let role = Role.admin
    public static let deadline: Duration? = .seconds(60)
    /// One statement looks at so many, one page at so many in all.
    static let step = 5_000
    static let most = 100_000

    public struct Output: Sendable, JSONConvertible {
        public var messages: [MessageOverview]
        /// So many were looked at.
        public var looked: Int
        /// The next page has smaller ids than this one; nil: there is none.
        public var after: MessageID?
        public var now: Timestamp
        public var json: JSONValue {
            ["messages": messages.json, "looked_at": .int(looked), "after": after.map { .id($0) } ?? .null]
        }
    }

    public var filter: MessageFilter
    /// Enqueued longer ago than that, and within that; they take the place of the filter's instants.
    public var olderThan: Duration?
    public var newerThan: Duration?
    /// Where the page before ended; nil: the first page.
    public var after: MessageID?
    public var limit: Int
    public init(
        filter: MessageFilter, olderThan: Duration? = nil, newerThan: Duration? = nil, after: MessageID? = nil, limit: Int
    ) {
        self.filter = filter
        self.olderThan = olderThan
        self.newerThan = newerThan
        self.after = after
        self.limit = limit
    }

    public func perform(in context: OperationContext) async throws -> Output {
        let now = try await context.now()
        var filter = filter
        filter.before = olderThan.map { now - $0 } ?? filter.before
        filter.since = newerThan.map { now - $0 } ?? filter.since
        try KnownValue(kind: "state", value: filter.state, known: KnownValue.states).check()
        var output = Output(messages: [], looked: 0, after: after ?? MessageID(.max), now: now)
        while output.messages.count < limit, output.looked < Self.most, let before = output.after {
            let wanted = limit - output.messages.count
            let most = filter.takesAll ? min(wanted, Self.step) : Self.step
            let page = try await context.run(ListMessages(filter: filter, before: before, most: most))
            let ids = filter.state == nil ? Array(page.fitting.prefix(wanted)) : page.fitting
            let found =
                ids.isEmpty ? [] : try await context.run(LoadMessageOverviews(ids: ids, state: filter.state, limit: wanted))
            output.messages += found
            output.looked += page.looked
            // A page that is full may have more below its last message.
            output.after = output.messages.count >= limit ? found.last?.id : page.looked < most ? nil : page.last
        }
        if output.messages.isEmpty, after == nil {
            try await context.checkFilters(messageClass: filter.messageClass, template: filter.template)
        }
        return output
    }
}
