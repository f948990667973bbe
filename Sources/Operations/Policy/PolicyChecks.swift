import Callbacks
import Domain
import Transports

extension Policy {
    /// Providers whose receipts are expected: their transport brings some, or the policy says when they are late.
    var receiptPromises: [(provider: String, within: Duration)] {
        providers.values.sorted { $0.name < $1.name }.compactMap { provider in
            if let within = provider.receiptWithin { return (provider.name, within) }
            return ReceiptIDs(of: provider) == .none ? nil : (provider.name, .seconds(86_400))
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

extension Policy {
    /// All channels that exist: sms, email, and what providers serve beside them.
    var channels: Set<Channel> { Set(providers.values.flatMap(\.channels)).union([.sms, .email]) }
    var furtherChannels: [Channel] {
        channels.subtracting([.sms, .email]).sorted { $0.rawValue < $1.rawValue }
    }

    /// The longest cap window; calendar units as their longest length.
    var longestCapWindow: Duration {
        caps.map { rule in
            switch rule.window {
            case .rolling(let length): length
            case .calendar(.minute): .seconds(60)
            case .calendar(.hour): .seconds(3600)
            // With an hour for the end of summer time.
            case .calendar(.day): .seconds(25 * 3600)
            case .calendar(.week): .seconds(7 * 86_400 + 3600)
            case .calendar(.month): .seconds(31 * 86_400 + 3600)
            }
        }.max() ?? .zero
    }
}
