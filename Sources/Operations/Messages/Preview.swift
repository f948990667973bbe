import Domain
import Foundation
import Rendering
import Text

/// A rendered message with what an admin should know before it is sent.
public struct Preview: Sendable, JSONConvertible {
    /// What the author or sender should know; `code` is stable.
    public struct Warning: Sendable, Equatable {
        public var code: String
        public var text: String
    }
    public internal(set) var rendered: RenderedMessage
    public internal(set) var to: String?
    public internal(set) var template: Template?
    public internal(set) var provider: String?
    public internal(set) var cost: Estimate.Amount?
    public internal(set) var warnings: [Warning] = []

    init(rendered: RenderedMessage, to: String?) {
        self.rendered = rendered
        self.to = to
        if case .sms(let sms) = rendered.content {
            if sms.parts.count > 1 {
                warnings.append(Warning(code: "segments", text: "it is sent and billed as \(sms.parts.count) segments"))
            }
            if let culprits = Self.culprits(sms) { warnings.append(Warning(code: "ucs2", text: culprits)) }
        }
    }

    mutating func price(_ policy: Policy, _ provider: String?) {
        self.provider = provider
        guard let provider, let to else {
            let text = "no route of the policy takes it: it would become a dead letter"
            return warnings.append(Warning(code: "no_route", text: text))
        }
        let now = Timestamp(microseconds: Int64(Date.now.timeIntervalSince1970 * 1_000_000))
        cost = PriceTable(policy.prices, at: now).estimate(rendered, to: to, provider: provider).amount
    }

    /// Which characters make a text UCS-2 although most of it is GSM-7: they double the cost.
    private static func culprits(_ sms: SMSText) -> String? {
        guard sms.encoding == .ucs2 else { return nil }
        var seen: [Character] = []
        for character in sms.text where !seen.contains(character) {
            if Segmentation.split(String(character)).encoding == .ucs2 { seen.append(character) }
            if seen.count > 5 { return nil }
        }
        let plain = sms.text.filter { !seen.contains($0) }
        guard !plain.isEmpty else { return nil }
        return
            "\(seen.map { "`\($0)`" }.joined(separator: ", ")) is not in GSM-7: 70 characters a segment instead of 160"
    }

    public var json: JSONValue {
        var members: [JSONValue.Member] = []
        func add(_ name: String, _ value: JSONValue) { members.append(.init(name: name, value: value)) }
        switch rendered.content {
        case .sms(let sms):
            add("text", .string(sms.text))
            add("encoding", .string(sms.encoding.rawValue))
            add("units", .int(sms.units))
            add("segments", .int(sms.parts.count))
            add("parts", .list(sms.parts) { .string($0) })
        case .email(let mail):
            add("subject", .string(mail.subject))
            add("text", .string(mail.text))
            add("html", .text(mail.html))
            add("encoding", "utf-8")
            add("units", .int(mail.text.utf8.count))
            add("segments", .int(1))
        case .http(let text):
            add("text", .string(text))
            add("encoding", "utf-8")
            add("units", .int(text.utf8.count))
            add("segments", .int(1))
        }
        add(
            "cost",
            cost.map {
                ["micros": .int($0.micros), "amount": .string(decimal(micros: $0.micros)), "currency": .string($0.currency)]
            } ?? .null)
        add("provider", .text(provider))
        add("from", rendered.from.isEmpty ? .null : .string(rendered.from))
        add("to", .text(to))
        add(
            "template",
            template.map {
                [
                    "key": .string($0.key), "locale": .string($0.locale), "channel": .string($0.channel.rawValue),
                    "version": .int($0.version),
                ]
            } ?? .null)
        add("warnings", .list(warnings) { ["code": .string($0.code), "text": .string($0.text)] })
        return .object(members)
    }
}
