import Domain
import Store
import Text

/// What became of the messages of a campaign or class, and what they cost: by counts that workers keep, and what came since they counted last.
public struct ReportOutcome: UseCase {
    public static let role = Role.reader
    public static let deadline: Duration? = .seconds(600)
    /// Older messages are gone.
    public static let windows = Duration.seconds(1)...Duration.seconds(35 * 86_400)

    public struct Output: Sendable, JSONConvertible {
        public var since: Timestamp
        public var group: String?
        public var messageClass: String?
        public var messages: [LoadReport.Messages]
        public var costs: [LoadReport.Costs]

        /// By currency.
        public var totals: [(currency: String, micros: Int64)] {
            var sums: [String: Int64] = [:]
            for row in costs { if let currency = row.currency { sums[currency, default: 0] += row.costMicros } }
            return sums.sorted { $0.key < $1.key }.map { ($0.key, $0.value) }
        }

        public var json: JSONValue {
            [
                "since": .time(since), "group": .text(group), "class": .text(messageClass), "messages": messages.json,
                "costs": costs.json,
                "totals": .list(totals) { ["currency": .string($0.currency), "micros": .int($0.micros)] },
            ]
        }
    }

    /// How far back.
    public var since: Duration
    /// nil: all.
    public var group: String?
    /// nil: all.
    public var messageClass: String?
    /// How long after a message an opt-out counts.
    public var optOutWithin: Duration
    public init(since: Duration, group: String?, messageClass: String?, optOutWithin: Duration) {
        self.since = since
        self.group = group
        self.messageClass = messageClass
        self.optOutWithin = optOutWithin
    }

    public func perform(in context: OperationContext) async throws -> Output {
        guard Self.windows.contains(since), Self.windows.contains(optOutWithin) else {
            throw OperationError(.refused, "The window must be 1s … 35d: older messages are gone.")
        }
        let scope = ReportScope(since: try await context.now() - since, group: group, messageClass: messageClass)
        // On two connections: the second looks for people among addresses.
        async let report = context.run(LoadReport(scope: scope))
        async let people = context.run(LoadOptOuts(scope: scope, within: optOutWithin))
        var (found, optedOut) = try await (report, people)
        for index in found.messages.indices { found.messages[index].optedOut = optedOut[found.messages[index].messageClass] ?? 0 }
        if found.messages.isEmpty { try await context.checkFilters(messageClass: messageClass) }
        return Output(
            since: scope.since, group: group, messageClass: messageClass, messages: found.messages, costs: found.costs)
    }
}

extension LoadReport.Messages: JSONConvertible {
    public var deliveredShare: Double? { share(delivered, of: delivered + undelivered) }

    public var json: JSONValue {
        [
            "class": .string(messageClass), "messages": .int(messages), "accepted": .int(accepted), "delivered": .int(delivered),
            "undelivered": .int(undelivered), "delivered_share": .double(deliveredShare), "clicked": .int(clicked),
            "opened_unreliable": .int(opened), "opted_out": .int(optedOut), "waiting": .int(waiting),
            "suppressed": .int(suppressed), "capped": .int(capped), "expired": .int(expired), "cancelled": .int(cancelled),
            "dead": .int(dead),
        ]
    }
}

extension LoadReport.Costs: JSONConvertible {
    public var json: JSONValue {
        [
            "class": .string(messageClass), "provider": .string(provider), "currency": .text(currency),
            "accepted": .int(accepted), "delivered": .int(delivered), "undelivered": .int(undelivered),
            "in_doubt": .int(inDoubt), "segments": .int(segments),
            "micros": currency == nil ? .null : .int(costMicros),
            "in_doubt_micros": currency == nil ? .null : .int(inDoubtMicros),
        ]
    }
}
