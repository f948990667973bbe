import Domain
import Foundation
import Rendering

/// A rendered message with what an admin should know before it is sent.
struct Preview {
    var rendered: RenderedMessage
    var to: String?
    var template: Template?
    var provider: String?
    var cost: Estimate.Amount?
    var warnings: [(code: String, text: String)] = []

    init(rendered: RenderedMessage, to: String?) {
        self.rendered = rendered
        self.to = to
        if case .sms(let sms) = rendered.content {
            if sms.parts.count > 1 {
                warnings.append(("segments", "it is sent and billed as \(sms.parts.count) segments"))
            }
            if let culprits = Self.culprits(sms) { warnings.append(("ucs2", culprits)) }
        }
    }

    mutating func price(_ policy: Policy, _ provider: String?) {
        self.provider = provider
        guard let provider, let to else {
            return warnings.append(("no_route", "no route of the policy takes it: it would become a dead letter"))
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
            "\(seen.map { "`\(Printable.line(String($0)))`" }.joined(separator: ", ")) is not in GSM-7: 70 characters a segment instead of 160"
    }

    var json: JSONValue {
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

    func show() {
        let out = Terminal.out
        if let template {
            out.line("template  \(template.key) \(template.locale).\(template.channel), version \(template.version)", .dim)
        }
        if let to {
            out.line(
                "route     \(rendered.from.isEmpty ? "" : "from \(rendered.from) ")to \(Printable.line(to)) by \(provider ?? "nobody")",
                .dim)
        }
        switch rendered.content {
        case .sms(let sms):
            for (index, part) in sms.parts.enumerated() {
                if sms.parts.count > 1 { out.line("-- \(index + 1)/\(sms.parts.count)", .dim) }
                out.line(Printable.text(part))
            }
            let limit = sms.encoding == .gsm7 ? (160, 153) : (70, 67)
            out.line()
            out.line(
                "\(sms.encoding.rawValue), \(sms.units) units, \(sms.parts.count) segment\(sms.parts.count == 1 ? "" : "s") "
                    + "(\(limit.0) units in one, \(limit.1) in each of several)", .bold)
        case .email(let mail):
            out.line("subject   \(Printable.line(mail.subject))", .bold)
            out.line(Printable.text(mail.text))
            if let html = mail.html { out.line("-- html, \(html.utf8.count) bytes (--json shows it)", .dim) }
        case .http(let text): out.line(Printable.text(text))
        }
        if let cost { out.line("cost      \(decimal(micros: cost.micros)) \(cost.currency)") }
        if cost == nil, provider != nil { out.line("cost      unknown: prices.yaml has none for this provider and address") }
        for warning in warnings { Terminal.error.line("warning: \(warning.text)", .yellow) }
    }
}
