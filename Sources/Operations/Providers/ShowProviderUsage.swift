import Domain
import Store
import Text

/// What a provider took in a window: hand-overs, deliveries, segments, cost, missing receipts, budgets.
public struct ShowProviderUsage: UseCase {
    public static let role = Role.reader
    public static let deadline: Duration? = .seconds(300)
    public static let windows = Duration.seconds(1)...Duration.seconds(31 * 86_400)

    public struct Output: Sendable, JSONConvertible {
        public var provider: String
        public var since: Timestamp
        /// Of all currencies.
        public var sum: ProviderUsage.Usage
        /// One for each currency, and one for what has no price.
        public var usage: [ProviderUsage.Usage]
        /// nil: no receipts are expected.
        public var missing: MissingReceipts.Count?
        public var budgets: [ListBudgets.Budget]
        public var now: Timestamp
    }

    public var provider: String
    /// How far back; nil: since midnight UTC.
    public var since: Duration?
    /// Messages enqueued so long before the window are looked at too.
    public var enqueuedWithin: Duration
    public init(provider: String, since: Duration?, enqueuedWithin: Duration) {
        self.provider = provider
        self.since = since
        self.enqueuedWithin = enqueuedWithin
    }

    public func perform(in context: OperationContext) async throws -> Output {
        guard since.map({ Self.windows.contains($0) }) ?? true else {
            throw OperationError(.refused, "The window must be 1s … 31d.")
        }
        if context.actor.isAdmin {
            let known = try await context.currentPolicy().policy.providers.keys.sorted()
            guard known.contains(provider) else {
                throw OperationError(
                    .notFound, "There is no provider \(provider).", hint: "Known: \(known.joined(separator: ", ")).")
            }
        }
        let now = try await context.now()
        let day: Int64 = 86_400_000_000
        let from = since.map { now - $0 } ?? Timestamp(microseconds: now.microseconds / day * day)
        let usage = try await context.run(
            ProviderUsage(since: from, enqueuedSince: from - enqueuedWithin, provider: provider))
        let missing = try await context.run(MissingReceipts(since: .seconds(86_400))).first { $0.provider == provider }
        return Output(
            provider: provider, since: from, sum: ProviderUsage.Usage(sumOf: usage, provider: provider), usage: usage,
            missing: missing, budgets: try await context.run(ListBudgets(provider: provider, limit: 100)), now: now)
    }
}

extension ProviderUsage.Usage {
    /// Of those that the provider reported on; nil: of none.
    public var deliveredShare: Double? { share(delivered, of: delivered + undelivered) }
}

extension ShowProviderUsage.Output {
    public var json: JSONValue {
        [
            "provider": .string(provider), "since": .time(since), "sent": .int(sum.sent), "accepted": .int(sum.accepted),
            "refused": .int(sum.refused), "in_doubt": .int(sum.inDoubt), "delivered": .int(sum.delivered),
            "undelivered": .int(sum.undelivered), "delivered_share": .double(sum.deliveredShare),
            "segments": .int(sum.segments),
            "costs": .list(usage) {
                [
                    "currency": .text($0.currency), "accepted": .int($0.accepted), "segments": .int($0.segments),
                    "micros": $0.currency == nil ? .null : .int($0.costMicros),
                    "in_doubt_micros": $0.currency == nil ? .null : .int($0.inDoubtMicros),
                ]
            },
            "missing_receipts": missing.map {
                ["accepted": .int($0.accepted), "missing": .int($0.missing), "within_seconds": .double($0.within.inSeconds)]
            } ?? .null,
            "budgets": budgets.json,
        ]
    }
}
