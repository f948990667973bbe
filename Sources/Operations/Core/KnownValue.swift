import Domain
import Settings
import Store

/// A value that a filter names, for the case that nothing matches: is there such a thing at all?
struct KnownValue: Sendable {
    /// What it is, for people.
    var kind: String
    var value: String?
    var known: Set<String>

    /// States of messages, as `martlet.message_status` names them.
    static let states: Set<String> = [
        "ready", "due", "leased", "sending", "accepted", "delivered", "undelivered", "suppressed", "capped", "expired",
        "cancelled", "dead",
        "discarded",
    ]

    /// - Throws: `notFound` for a value that is not known, with what it may have meant.
    func check() throws(OperationError) {
        guard let value, !known.contains(value) else { return }
        throw OperationError(
            .notFound, "There is no \(kind) \(value).",
            hint: knownWords(value, among: known).capitalisedFirst + (known.isEmpty ? "." : ""))
    }
}

extension String {
    /// As a sentence begins.
    var capitalisedFirst: String { prefix(1).uppercased() + dropFirst() }
}

extension OperationContext {
    /// After an empty list: refuses filters that name what does not exist, so that a typo is not taken for an empty list.
    func checkFilters(
        messageClass: String? = nil, channel: String? = nil, template: String? = nil, reason: String? = nil,
        provider: String? = nil
    ) async throws {
        guard [messageClass, channel, template, reason, provider].contains(where: { $0 != nil }) else { return }
        // A reader sees none of these tables; for it a word that matches nothing is an empty list.
        guard actor.isAdmin else { return }
        let words = try await run(KnownWords())
        try KnownValue(kind: "class", value: messageClass, known: words["class"] ?? []).check()
        try KnownValue(kind: "channel", value: channel, known: words["channel"] ?? []).check()
        try KnownValue(kind: "template", value: template, known: words["template"] ?? []).check()
        try KnownValue(kind: "reason", value: reason, known: KnownValue.reasons.union(words["reason"] ?? [])).check()
        guard let provider, let stored = try await run(LoadPolicy()) else { return }
        try KnownValue(kind: "provider", value: provider, known: Set(try stored.policy().providers.keys)).check()
    }
}
