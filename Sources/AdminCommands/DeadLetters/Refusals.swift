import Domain
import Operations
import Store

/// Messages of a job that were refused for the same reason.
struct Refusals {
    /// How many ids are named.
    private static let most = 5
    var reason: String
    var hint: String?
    var messages: [ListJobMessages.Message]

    /// Most messages first.
    static func groups(of skipped: [ListJobMessages.Message]) -> [Refusals] {
        Dictionary(grouping: skipped) { [generic($0), $0.hint ?? ""] }
            .map { Refusals(reason: $0.key[0], hint: $0.value[0].hint, messages: $0.value) }
            .sorted { ($1.messages.count, $0.reason) < ($0.messages.count, $1.reason) }
    }

    /// The reason without the message's id.
    private static func generic(_ message: ListJobMessages.Message) -> String {
        let reason = message.reason ?? ""
        let own = "message \(message.id) "
        return reason.hasPrefix(own)
            ? "it " + reason.dropFirst(own.count) : reason.replacing("message \(message.id)", with: "the message")
    }

    var headline: String { "\(messages.count) refused: \(Printable.line(reason))" }

    func named(job: Int64) -> String {
        let ids = messages.prefix(Self.most).map(\.id.description).joined(separator: " ")
        let more = messages.count - Self.most
        return more > 0 ? "\(ids) … and \(more) more: `martlet jobs show \(job)`" : ids
    }
}
