import Domain
import Transports

extension Policy {
    /// Providers whose receipts are expected: their transport brings some, or the policy says when they are late.
    var receiptPromises: [(provider: String, within: Duration)] {
        providers.values.sorted { $0.name < $1.name }.compactMap { provider in
            if let within = provider.receiptWithin { return (provider.name, within) }
            return TransportFactory.receiptIDs(provider) == .none ? nil : (provider.name, .seconds(86_400))
        }
    }

    /// Budgets in money that cannot count something that they match.
    var budgetWarnings: [String] {
        budgets.flatMap { budget -> [String] in
            guard case .money(let currency) = budget.unit else { return [] }
            return providers.values.sorted { $0.name < $1.name }.compactMap { provider in
                let isCounted = provider.channels.contains { channel in
                    classes.keys.contains { budget.matches(messageClass: $0, channel: channel, provider: provider.name) }
                }
                guard isCounted else { return nil }
                let own = prices.filter { $0.provider == provider.name }
                if own.isEmpty {
                    return
                        "budget \(budget.name) counts \(currency), but provider \(provider.name) has no price: its messages would be dead letters (no_price)"
                }
                if own.allSatisfy({ $0.currency != currency }) {
                    return
                        "budget \(budget.name) counts \(currency), but provider \(provider.name) is priced in \(own[0].currency): its messages are not counted"
                }
                return own.contains { $0.prefix.isEmpty && $0.until == nil }
                    ? nil
                    : "budget \(budget.name) counts \(currency), but provider \(provider.name) has no price `other` without an end: what has none is a dead letter (no_price)"
            }
        }
    }
}

/// `0.0065 EUR` for 6500 millionths, `12 segments`: an amount of a budget's unit.
func amountText(_ amount: Int64, unit: String) -> String {
    unit == "segments" ? "\(amount) segments" : "\(decimal(micros: amount)) \(unit)"
}
