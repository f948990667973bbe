import Domain
import Rendering
import Store

/// The budgets of a batch, as their locked rows say: what still fits, what has been taken, what is to be written.
///
/// All of a message's budgets are taken or none. What is taken here is taken at the commit; it comes back when the send certainly did
/// not happen (`Record`, `TakeBack`).
struct AdmitBudgets {
    enum Verdict {
        case fits
        /// The day is used up; the next begins `until`.
        case over(BudgetRule, until: Timestamp)
        /// It alone is more than a day's amount.
        case tooSmall(BudgetRule)
        /// The budget counts money, and the policy has no price for this.
        case noPrice(BudgetRule)
    }

    private let hours: AdmitHours
    private let local: LocalHours.Answer
    private let rows: [String: BudgetUsage]
    private var usages: [String: BudgetUsage] = [:]
    private var changed: Set<String> = []

    init(_ rows: [LockBudgetUsage.Row], hours: AdmitHours, local: LocalHours.Answer) {
        self.hours = hours
        self.local = local
        self.rows = rows.isEmpty ? [:] : Dictionary(rows.map { ($0.key, $0.usage) }) { $1 }
    }

    /// The strictest of its budgets counts: one that can never be kept, then one that stops, then the one that renews last.
    func judge(_ work: Work, _ cost: Estimate) -> Verdict {
        var verdict = Verdict.fits
        for budget in work.budgets {
            let own: Verdict
            switch Self.amount(of: cost, in: budget.rule.unit) {
            case .uncounted: continue
            case .unknown: own = .noPrice(budget.rule)
            case .counted(let amount) where amount > budget.rule.limit: own = .tooSmall(budget.rule)
            case .counted(let amount):
                let usage = usage(of: budget)
                if usage.hasRoom(for: amount, limit: budget.rule.limit) { continue }
                own = .over(budget.rule, until: usage.end)
            }
            verdict = Self.stricter(verdict, own)
        }
        return verdict
    }

    mutating func take(_ work: Work, _ cost: Estimate) {
        for budget in work.budgets {
            guard case .counted(let amount) = Self.amount(of: cost, in: budget.rule.unit) else { continue }
            var usage = usage(of: budget)
            usage.used += amount
            usages[budget.key] = usage
            changed.insert(budget.key)
        }
    }

    func addWrites(to writes: inout [any Statement]) {
        guard !changed.isEmpty else { return }
        var update = UpdateBudgetUsage()
        for key in changed.sorted() { if let usage = usages[key] { update.add(key, usage) } }
        writes.append(update)
    }

    private func usage(of budget: Work.Budget) -> BudgetUsage {
        if let usage = usages[budget.key] { return usage }
        guard let day = hours.day(in: budget.rule.timeZone, local) else {
            preconditionFailure("Admit asks for the calendar of every budget's zone")
        }
        return .current(rows[budget.key], unit: budget.rule.unit, day: day, now: local.now)
    }

    private enum Amount {
        case counted(Int64)
        /// Priced in another currency.
        case uncounted
        case unknown
    }

    private static func amount(of cost: Estimate, in unit: BudgetRule.Unit) -> Amount {
        guard case .money(let currency) = unit else { return .counted(Int64(cost.segments)) }
        guard let amount = cost.amount else { return .unknown }
        return amount.currency == currency ? .counted(amount.micros) : .uncounted
    }

    private static func stricter(_ left: Verdict, _ right: Verdict) -> Verdict {
        switch (left, right) {
        case (.over(_, let leftEnd), .over(_, let rightEnd)) where rank(left) == rank(right): leftEnd >= rightEnd ? left : right
        default: rank(left) >= rank(right) ? left : right
        }
    }

    private static func rank(_ verdict: Verdict) -> Int {
        switch verdict {
        case .fits: 0
        case .over(let rule, _): rule.over == .defer ? 1 : 2
        case .tooSmall: 3
        case .noPrice: 4
        }
    }
}

/// Budgets that have no row yet: they get one, and Admit begins again.
struct MissingBudgets: Error {
    var keys: [String]
}

extension Work {
    /// A budget that a message counts in, and its row.
    struct Budget: Sendable {
        var rule: BudgetRule
        var key: String
    }
}
