/// At most so much a day for everything that it matches, counted together (or for each group by itself).
public struct BudgetRule: Sendable, Equatable {
    public enum Unit: Sendable, Equatable {
        /// SMS segments; one for every message of another channel.
        case segments
        /// Millionths of a currency (ISO 4217). What is priced in another currency does not count.
        case money(currency: String)

        /// `segments`, or the currency.
        public var code: String {
            switch self {
            case .segments: "segments"
            case .money(let currency): currency
            }
        }
    }
    public enum Over: String, Sendable, CaseIterable {
        /// Sent on the next day, if it lives so long; else it is expired.
        case `defer`
        /// A dead letter, for a human.
        case stop
    }
    public var name: String
    /// Empty: all; so are channels (but `webhook`, which costs nothing) and providers.
    public var classes: [String]
    public var channels: [Channel]
    public var providers: [String]
    /// Each group key has this budget for itself; messages without one are not counted.
    public var isPerGroup: Bool
    /// IANA zone: its calendar day is the budget's.
    public var timeZone: String
    public var unit: Unit
    /// Segments, or millionths of the currency.
    public var limit: Int64
    public var over: Over

    public init(
        name: String, classes: [String] = [], channels: [Channel] = [], providers: [String] = [], isPerGroup: Bool = false,
        timeZone: String, unit: Unit, limit: Int64, over: Over
    ) {
        self.name = name
        self.classes = classes
        self.channels = channels
        self.providers = providers
        self.isPerGroup = isPerGroup
        self.timeZone = timeZone
        self.unit = unit
        self.limit = limit
        self.over = over
    }

    public func matches(messageClass: String, channel: Channel, provider: String) -> Bool {
        (classes.isEmpty || classes.contains(messageClass))
            && (channels.isEmpty ? channel != .webhook : channels.contains(channel))
            && (providers.isEmpty || providers.contains(provider))
    }

    /// The row that counts for a message: the name, with the group's key behind a slash. Names have no slash. nil: it does not count.
    public func key(group: String?) -> String? {
        guard isPerGroup else { return name }
        return group.map { "\(name)/\($0)" }
    }

    /// `20000 segments`, `250.50 EUR`: as the policy writes it.
    public var limitText: String {
        switch unit {
        case .segments: return "\(limit) segments"
        case .money(let currency):
            let (whole, rest) = limit.quotientAndRemainder(dividingBy: 1_000_000)
            var digits = String(1_000_000 + rest).dropFirst()
            while digits.count > 2, digits.last == "0" { digits.removeLast() }
            return "\(whole).\(digits) \(currency)"
        }
    }
}

/// How much of a budget is used in the day that its row is about; pure arithmetic over the rows that Admit has locked.
public struct BudgetUsage: Sendable, Equatable {
    /// See `BudgetRule.Unit.code`.
    public var unit: String
    public var used: Int64
    /// The day: `start` ≤ now < `end`.
    public var start: Timestamp
    public var end: Timestamp

    public init(unit: String, used: Int64, start: Timestamp, end: Timestamp) {
        self.unit = unit
        self.used = used
        self.start = start
        self.end = end
    }

    /// The row as it counts now. It begins anew when its day is over or the budget is in another unit; when only the zone was changed,
    /// what is used stays used until the old day is over, so that a change never gives more than a day's amount.
    public static func current(
        _ row: BudgetUsage?, unit: BudgetRule.Unit, day: CapDecision.Calendar, now: Timestamp
    ) -> BudgetUsage {
        guard let row, row.end > now, row.unit == unit.code else {
            return BudgetUsage(unit: unit.code, used: 0, start: day.start, end: day.end)
        }
        return BudgetUsage(unit: row.unit, used: row.used, start: min(row.start, day.start), end: day.end)
    }

    public func hasRoom(for amount: Int64, limit: Int64) -> Bool {
        let (total, overflow) = used.addingReportingOverflow(amount)
        return !overflow && total <= limit
    }
}

extension DeadLetterReason {
    public static func budgetUsedUp(_ budget: BudgetRule) -> Self {
        Self(
            code: "budget_used_up",
            explanation:
                "Budget \(budget.name) has no \(budget.unit.code) left for it today, of \(budget.limitText) a day, and stops what is over it.",
            remedy:
                "Requeue it after midnight in \(budget.timeZone), when the budget renews; or raise the limit in budgets.yaml, apply, and requeue; or discard it."
        )
    }

    public static func budgetTooSmall(_ budget: BudgetRule) -> Self {
        Self(
            code: "budget_too_small",
            explanation:
                "It alone takes more than the \(budget.limitText) a day that budget \(budget.name) gives; no day has room for it.",
            remedy: "Shorten its text (requeue takes edited variables), or raise the limit in budgets.yaml, apply, and requeue.")
    }

    public static func noPrice(_ budget: BudgetRule, provider: String) -> Self {
        Self(
            code: "no_price",
            explanation:
                "Budget \(budget.name) counts \(budget.unit.code), and prices.yaml has no price of provider \(provider) for its address now.",
            remedy: "Add the price (`other` is for all the rest), apply, and requeue.")
    }
}
