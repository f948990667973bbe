import Domain

/// A provider that has left the policy while messages of it were under way, as the last policy had it that named it.
package struct RetiredProvider: Sendable {
    package var policy: ProviderPolicy
    /// How long ago it left.
    package var age: Duration

    package init(policy: ProviderPolicy, age: Duration) {
        self.policy = policy
        self.age = age
    }

    /// Links in mails are followed as long as the message's day is kept: 35 days.
    package static let longest = Duration.seconds(35 * 86_400)

    /// How long its receipts may still come: as long as others' are awaited, and never less than what carriers keep a message for.
    package var receiptsEnd: Duration { max(.seconds(72 * 3600), policy.receiptWithin ?? .zero) }

    /// Those that `newest` has no more.
    /// - Parameter older: newest first, each with the time since the policy after it was applied.
    package static func all(
        before newest: Policy, _ older: [(providers: [String: ProviderPolicy], age: Duration)]
    ) -> [RetiredProvider] {
        var found: [String: RetiredProvider] = [:]
        for (providers, age) in older {
            for (name, policy) in providers where newest.providers[name] == nil && found[name] == nil {
                found[name] = RetiredProvider(policy: policy, age: age)
            }
        }
        return found.values.sorted { $0.policy.name < $1.policy.name }
    }
}

extension Policy {
    /// With providers that have left it: what they say is still listened to, and nothing is sent by them.
    package func remembering(_ retired: [RetiredProvider]) -> Policy {
        var policy = self
        for provider in retired where policy.providers[provider.policy.name] == nil {
            policy.providers[provider.policy.name] = provider.policy
        }
        return policy
    }
}
