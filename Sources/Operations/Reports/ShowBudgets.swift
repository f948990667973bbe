import Domain
import Store
import Text

/// Every budget with what is used of it today.
public struct ShowBudgets: UseCase {
    public static let role = Role.reader

    public struct Output: Sendable, JSONConvertible {
        public var budgets: [ListBudgets.Budget]
        public var now: Timestamp
        public var json: JSONValue { budgets.json }
    }

    /// Only budgets that count messages of this provider; nil: all.
    public var provider: String?
    public var limit: Int
    public init(provider: String?, limit: Int) {
        self.provider = provider
        self.limit = limit
    }

    public func perform(in context: OperationContext) async throws -> Output {
        Output(
            budgets: try await context.run(ListBudgets(provider: provider, limit: limit)), now: try await context.now())
    }
}

extension ListBudgets.Budget: JSONConvertible {
    public var json: JSONValue {
        [
            "name": .string(name), "group": .text(group), "classes": .list(classes) { .string($0) },
            "channels": .list(channels) { .string($0) }, "providers": .list(providers) { .string($0) }, "unit": .string(unit),
            "limit": .int(limit), "used": .int(used), "left": .int(left), "over": .string(over), "time_zone": .string(timeZone),
            "renews_at": .time(renewsAt),
        ]
    }
}
