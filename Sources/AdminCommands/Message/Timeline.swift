import Domain
import Store

/// Everything that happened to a message, in order: receipts, attempts and what people did.
struct Timeline {
    struct Event {
        var at: Timestamp
        var what: String
        var who: String?
        var detail: String
        var json: JSONValue
    }
    var events: [Event]

    init(
        _ message: MessageOverview, receipts: [LoadReceipts.Receipt], attempts: [LoadAttempts.Attempt], audit: [LoadAudit.Entry]
    ) {
        events = [
            Event(
                at: message.createdAt, what: "enqueued", who: message.producer, detail: "",
                json: ["producer": .string(message.producer)])
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
                    json: ["why": .text(entry.why), "detail": .raw(entry.detail)]))
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
            json: [
                "attempt": .int(receipt.attempt), "part": .int(receipt.part), "provider": .text(receipt.provider),
                "code": .text(receipt.code),
                "detail": .text(receipt.detail), "reference": .text(receipt.reference), "stale": .bool(receipt.stale),
                "segments": .int(attempt?.segments), "template_version": .int(attempt?.templateVersion),
                "cost_micros": attempt?.costMicros.map { .int($0) } ?? .null, "currency": .text(attempt?.currency),
                "requeue": .raw(edit),
            ])
    }

    var json: JSONValue {
        .list(events) { ["at": .time($0.at), "what": .string($0.what), "who": .text($0.who), "detail": $0.json] }
    }
}

/// `0.0065` for 6500 millionths: exact, without zeros at the end.
func decimal(micros: Int64) -> String {
    let (whole, rest) = micros.magnitude.quotientAndRemainder(dividingBy: 1_000_000)
    var digits = String(1_000_000 + rest).dropFirst()
    while digits.count > 2, digits.last == "0" { digits.removeLast() }
    return "\(micros < 0 ? "-" : "")\(whole).\(digits)"
}
