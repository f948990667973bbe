import Domain
import Store
import Text

/// Who did what and why, newest first, a page at a time.
public struct ShowAudit: UseCase {
    public static let role = Role.admin
    public static let deadline: Duration? = .seconds(60)
    static let step = 20_000
    static let most = 400_000

    public struct Output: Sendable, JSONConvertible {
        public var entries: [ListAudit.Entry]
        /// The next page has smaller numbers than this; nil: there is none.
        public var after: Int64?
        public var now: Timestamp
        public var json: JSONValue {
            ["audit": entries.json, "after": after.map { .string(String($0)) } ?? .null]
        }
    }

    public var filter: AuditFilter
    /// Done within that; it takes the place of the filter's instant.
    public var within: Duration?
    public var after: Int64?
    public var limit: Int
    public init(filter: AuditFilter, within: Duration? = nil, after: Int64? = nil, limit: Int) {
        self.filter = filter
        self.within = within
        self.after = after
        self.limit = limit
    }

    public func perform(in context: OperationContext) async throws -> Output {
        let now = try await context.now()
        var filter = filter
        filter.since = within.map { now - $0 } ?? filter.since
        var output = Output(entries: [], after: after ?? .max, now: now)
        var looked = 0
        while output.entries.count < limit, looked < Self.most, let before = output.after {
            let page = try await context.run(
                ListAudit(filter: filter, before: before, most: Self.step, limit: limit - output.entries.count))
            output.entries += page.entries
            looked += page.looked
            output.after = output.entries.count >= limit ? page.entries.last?.id : page.looked < Self.step ? nil : page.last
        }
        if output.entries.isEmpty, let action = filter.action {
            try KnownValue(kind: "action", value: action, known: try await context.run(AuditWords())).check()
        }
        return output
    }
}

extension ListAudit.Entry: JSONConvertible {
    public var json: JSONValue {
        [
            "id": .string(String(id)), "at": .time(at), "actor": .string(actor), "action": .string(action),
            "object": .string(object),
            "why": .text(why), "detail": .raw(detail),
        ]
    }
}
