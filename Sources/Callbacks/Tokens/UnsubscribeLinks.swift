public import Domain

/// Tells whose unsubscribe link somebody followed: the secrets of all providers that write such links. Reads their files once.
public struct UnsubscribeLinks: Sendable {
    private struct Source: Sendable {
        var secret: TokenSecret
        var classes: Set<String>
    }
    private var sources: [Source] = []
    /// Files that could not be read: a token that fits nowhere may be one of theirs.
    public private(set) var problems: [String] = []

    public init(_ policy: Policy) {
        for provider in policy.providers.values.sorted(by: { $0.name < $1.name }) where provider.transport == "smtp" {
            guard let path = provider.options["unsubscribe_secret_file"] else { continue }
            do {
                sources.append(
                    .init(secret: try TokenSecret(path: path), classes: Self.classes(provider.options["unsubscribe_classes"])))
            } catch {
                problems.append("provider \(provider.name): unsubscribe_secret_file \(path): \(error)")
            }
        }
    }

    /// The option `unsubscribe_classes`; empty: every message of the provider.
    package static func classes(_ option: String?) -> Set<String> {
        Set((option ?? "").split { $0 == "," || $0 == " " }.map(String.init))
    }

    /// The class of messages that the link is about: its own where the provider has such links for it by name, else `marketing`; nil: the
    /// token belongs to no message.
    /// - Parameters:
    ///   - address: the message's, as it is stored.
    ///   - messageClass: the message's.
    public func scope(of token: UnsubscribeToken, address: String, messageClass: String) -> String? {
        var found: String?
        for source in sources where token.isGenuine(for: address, secret: source.secret) {
            found = source.classes.contains(messageClass) ? messageClass : "marketing"
        }
        return found
    }
}
