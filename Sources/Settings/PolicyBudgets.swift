import Domain
import Yams

extension PolicyReading {
    func readBudgets(_ root: YAMLObject) -> [BudgetRule] {
        definitions(nil, "budgets", of: root).compactMap { name, value in
            value.object(in: "budgets.yaml").flatMap { readBudget(name, $0) }
        }
    }

    private func readBudget(_ name: String, _ object: YAMLObject) -> BudgetRule? {
        let classes = object["classes"]?.texts { reference(.messageClass, $0) } ?? []
        let channels = object["channels"]?.channels() ?? []
        let providers = object["providers"]?.texts { reference(.provider, $0) } ?? []
        for key in ["classes", "channels", "providers"] where object[key]?.isEmptyList == true {
            object[key]?.report("is empty", "name at least one, or leave \(key) out for all")
        }
        let each = object["each"]?.word(Each.self)
        let zone = object.required("time_zone", "IANA name such as Europe/Berlin: its midnight renews the budget")?.timeZone()
        let limit = object.required("limit", "for a day: 250.50 EUR, or 20000 segments")?.budgetLimit()
        let over = object.required("over", "defer or stop")?.word(BudgetRule.Over.self)
        guard let zone, let limit, let over else { return nil }
        return BudgetRule(
            name: name, classes: classes, channels: channels, providers: providers, isPerGroup: each == .group, timeZone: zone,
            unit: limit.unit, limit: limit.amount, over: over)
    }

    private enum Each: String, CaseIterable { case group }
}

extension YAMLValue {
    var isEmptyList: Bool {
        guard case .sequence(let items) = node else { return false }
        return items.isEmpty
    }

    /// `250.50 EUR` or `20000 segments`.
    fileprivate func budgetLimit() -> (unit: BudgetRule.Unit, amount: Int64)? {
        guard let text = text() else { return nil }
        if let match = text.wholeMatch(of: /([0-9][0-9_]{0,14}) segments?/), let amount = number(match.1),
            amount <= 1_000_000_000_000
        {
            return (.segments, amount)
        }
        if let match = text.wholeMatch(of: /([0-9][0-9_]{0,14})(?:\.([0-9]{1,6}))? ([A-Z]{3})/), let whole = number(match.1),
            whole <= 1_000_000_000_000
        {
            let digits = String(match.2 ?? "")
            let fraction = Int64(digits + String(repeating: "0", count: 6 - digits.count)) ?? 0
            return (.money(currency: String(match.3)), whole * 1_000_000 + fraction)
        }
        report("\(quoted(text)) is not an amount a day", "write 250.50 EUR (at most six decimals) or 20000 segments")
        return nil
    }

    private func number(_ digits: Substring) -> Int64? { Int64(digits.replacing("_", with: "")) }
}
