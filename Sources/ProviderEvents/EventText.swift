import Callbacks
import Domain
import FoundationEssentials

/// The words and the JSON of events. No text of a message: receipts repeat its beginning, and codes are never written down.
package enum EventText {
    /// Without NUL, which PostgreSQL has no place for, and not longer than `limit` characters.
    static func clean(_ text: String, limit: Int = 128) -> String {
        let text = text.utf8.contains(0) ? text.filter { $0 != "\0" } : text
        return text.utf8.count <= limit ? text : String(text.prefix(limit))
    }

    static func kind(_ event: ProviderEvent) -> String {
        switch event {
        case .receipt: "receipt"
        case .text: "text"
        case .response: "response"
        case .bounce: "bounce"
        case .complaint: "complaint"
        }
    }

    /// For metrics: few and bounded.
    static func state(_ event: ProviderEvent) -> String {
        switch event {
        case .receipt(let receipt): receipt.state.rawValue
        case .text: "text"
        case .response(let response): "late_\(response.outcome.name)"
        case .bounce(let bounce): "bounce_\(bounce.kind.rawValue)"
        case .complaint(let complaint): complaint.suppressesAddress ? "complaint" : complaint.receipt
        }
    }

    /// nil for what was delivered; `undeliverable_011` otherwise.
    static func code(_ receipt: CarrierReceipt) -> String? {
        if receipt.isFinal && receipt.state == .delivered { return nil }
        return receipt.error.map { "\(receipt.state.rawValue)_\(clean($0, limit: 32))" } ?? receipt.state.rawValue
    }

    static func detail(_ receipt: CarrierReceipt) -> String? {
        guard let done = receipt.done else { return nil }
        func two(_ number: Int) -> String { number < 10 ? "0\(number)" : "\(number)" }
        let date = "\(done.year)-\(two(done.month))-\(two(done.day)) \(two(done.hour)):\(two(done.minute)):\(two(done.second))"
        return "at \(date) by the carrier's clock"
    }

    static func payload(_ event: ProviderEvent) -> String {
        var event = event
        if case .receipt(var receipt) = event {
            receipt.text = ""
            event = .receipt(receipt)
        }
        do {
            // jsonb has no NUL. Where the backslash was itself escaped the text stays JSON all the same.
            return String(decoding: try JSONEncoder().encode(event), as: UTF8.self).replacing("\\u0000", with: "\\ufffd")
        } catch {
            return note("\(error)", about: event)
        }
    }

    package static func event(_ payload: String) throws -> ProviderEvent {
        try JSONDecoder().decode(ProviderEvent.self, from: Data(payload.utf8))
    }

    /// A JSON string of printable ASCII.
    static func note(_ problem: String, about event: ProviderEvent) -> String {
        var shown = event
        if case .receipt(var receipt) = shown {
            receipt.text = ""
            shown = .receipt(receipt)
        }
        if case .text(var text) = shown {
            (text.text, text.otherReadings, text.words, text.octets) = (nil, nil, nil, [])
            shown = .text(text)
        }
        let text = "\(problem): \(shown)".unicodeScalars.prefix(2000).map {
            (0x20...0x7E).contains($0.value) && $0 != "\"" && $0 != "\\" ? Character($0) : "?"
        }
        return "\"\(String(text))\""
    }
}
