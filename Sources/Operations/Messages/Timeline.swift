import Domain
import Store
import Text

/// Everything that happened to a message, in order: receipts, attempts and what people did.
public struct Timeline: Sendable, JSONConvertible {
    public struct Event: Sendable {
        public var at: Timestamp
        public var what: String
        public var who: String?
        public var detail: String
        /// What `detail` says, in its parts.
        public var parts: JSONValue
    }
    public var events: [Event]

    init(
        _ message: MessageOverview, receipts: [LoadReceipts.Receipt], attempts: [LoadAttempts.Attempt], audit: [LoadAudit.Entry]
    ) {
        events = [
            Event(
                at: message.createdAt, what: "enqueued", who: message.producer, detail: "",
                parts: ["producer": .string(message.producer)])
        ]
        let byNumber = Dictionary(attempts.map { ($0.attempt, $0) }) { first, _ in first }
        // Requeue and discard write a receipt and an audit row in one transaction: the row's details belong to the receipt.
        var requeues = audit.filter { $0.action == "requeue" }[...]
        for receipt in receipts {
            let attempt = receipt.kind == "admitted" ? receipt.attempt.flatMap { byNumber[$0] } : nil
            let edit = receipt.kind == "requeued" ? requeues.popFirst()?.detail : nil
            events.append(Self.event(receipt, attempt, edit))
        }
        for entry in audit where entry.action != "requeue" && entry.action != "discard" {
            events.append(
                Event(
                    at: entry.at, what: entry.action, who: entry.actor, detail: entry.why ?? "",
                    parts: ["why": .text(entry.why), "detail": .raw(entry.detail)]))
        }
        events = events.enumerated().sorted { ($0.element.at, $0.offset) < ($1.element.at, $1.offset) }.map(\.element)
    }

    private static func event(_ receipt: LoadReceipts.Receipt, _ attempt: LoadAttempts.Attempt?, _ edit: String?) -> Event {
        var parts: [String] = []
        if ["clicked", "opened", "prefetched"].contains(receipt.kind) {
            // Of the message, whichever attempt brought it.
            parts.append(receipt.part.map { "link \($0)" } ?? "picture")
            if receipt.kind == "opened" { parts.append("unreliable") }
        } else {
            if let number = receipt.attempt { parts.append("attempt \(number)") }
            if let part = receipt.part { parts.append("part \(part)") }
        }
        if let provider = receipt.provider { parts.append("by \(provider)") }
        if let attempt {
            parts.append("template version \(attempt.templateVersion)")
            parts.append("\(attempt.segments) segment\(attempt.segments == 1 ? "" : "s")")
            if let micros = attempt.costMicros { parts.append("\(decimal(micros: micros)) \(attempt.currency ?? "")") }
            if attempt.outcome == nil { parts.append("not answered") }
        }
        if let code = receipt.code { parts.append(code) }
        if let detail = receipt.detail, !detail.isEmpty { parts.append(detail) }
        if let reference = receipt.reference { parts.append("reference \(reference)") }
        if receipt.stale { parts.append("stale: kept as evidence, moved nothing") }
        if let edit { parts.append(edit) }
        return Event(
            at: receipt.at, what: receipt.kind, who: receipt.actor, detail: parts.joined(separator: ", "),
            parts: [
                "attempt": .int(receipt.attempt), "part": .int(receipt.part), "provider": .text(receipt.provider),
                "code": .text(receipt.code),
                "detail": .text(receipt.detail), "reference": .text(receipt.reference), "stale": .bool(receipt.stale),
                "segments": .int(attempt?.segments), "template_version": .int(attempt?.templateVersion),
                "cost_micros": attempt?.costMicros.map { .int($0) } ?? .null, "currency": .text(attempt?.currency),
                "requeue": .raw(edit),
            ])
    }

    public var json: JSONValue {
        .list(events) { ["at": .time($0.at), "what": .string($0.what), "who": .text($0.who), "detail": $0.parts] }
    }
}
