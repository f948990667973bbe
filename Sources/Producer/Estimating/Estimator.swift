import Domain
import Foundation
import Rendering
import Store

/// Renders rows as the workers would, by a policy and templates from disk.
struct Estimator: Sendable {
    private struct TemplateName: Hashable {
        var key: String
        var channel: String
    }
    private let policy: Policy
    private let renderer: Renderer
    private let router: Router
    /// Those of now: a price that ends before the messages are sent is not foreseen.
    private let prices: PriceTable
    private let templates: [TemplateName: TemplateSet]
    private let channels: Set<String>

    init(_ policy: Policy, templates: [Template]) throws(ProducerError) {
        self.policy = policy
        renderer = Renderer(policy, links: .placeholder)
        router = Router(policy)
        let now = Timestamp(microseconds: Int64(Date.now.timeIntervalSince1970 * 1_000_000))
        prices = PriceTable(policy.prices, at: now)
        channels = Set(policy.providers.values.flatMap(\.channels).map(\.rawValue)).union(["sms", "email"])
        var parsed: [TemplateName: [ParsedTemplate]] = [:]
        for template in templates {
            do throws(RenderError) {
                parsed[.init(key: template.key, channel: template.channel.rawValue), default: []].append(
                    try ParsedTemplate(template))
            } catch {
                throw .misfit(error.description)
            }
        }
        self.templates = parsed.mapValues(TemplateSet.init)
    }

    /// Adds what one row costs to the summary.
    func estimate(_ row: BulkRow, into summary: inout DryRunSummary) throws(Problem) {
        let message = try message(row)
        guard let set = templates[.init(key: message.template, channel: message.channel.rawValue)] else {
            throw Problem(
                "template", "unknown_template", "there is no template \(message.template) for channel \(message.channel)",
                "Correct the key, or write the template.")
        }
        do throws(RenderError) {
            let sender = try renderer.sender(for: message)
            if let template = set.best(for: message.locale, sender: sender.defaultLocale) {
                return count(try renderer.render(message, template: template), message, sender, &summary)
            }
        } catch {
            throw Problem(Self.field(of: error), error.code, error.sentence, error.remedy)
        }
        throw Problem(
            "locale", "unknown_locale", "template \(message.template) has no text for locale `\(message.locale ?? "default")`",
            "Write that text, or one for the locale `default`.")
    }

    private func count(_ rendered: Rendered, _ message: Message, _ sender: Sender, _ summary: inout DryRunSummary) {
        if case .sms(let text) = rendered.message.content {
            summary.segments[text.parts.count, default: 0] += 1
            summary.encodings[text.encoding.rawValue, default: 0] += 1
        }
        for warning in rendered.warnings { summary.warnings[warning.code, default: 0] += 1 }
        let amount = router.provider(for: message, sender: sender.key).flatMap {
            prices.estimate(rendered.message, to: message.address, provider: $0.name).amount
        }
        guard let amount else {
            summary.unpriced += 1
            return
        }
        summary.cost[amount.currency, default: 0] += amount.micros
    }

    private func message(_ row: BulkRow) throws(Problem) -> Message {
        let channel = row["channel"] ?? ""
        let name = row["class"] ?? ""
        guard policy.classes[name] != nil else {
            throw Problem("class", "unknown_class", "unknown class `\(name)`", "Known classes: \(list(policy.classes.keys)).")
        }
        guard channels.contains(channel) else {
            throw Problem("channel", "unknown_channel", "unknown channel `\(channel)`", "Known channels: \(list(channels)).")
        }
        let senderKey = row["sender"] ?? policy.defaultSender
        guard let sender = policy.senders[senderKey] else {
            throw Problem(
                "sender", "unknown_sender", "unknown sender `\(senderKey)`", "Known senders: \(list(policy.senders.keys)).")
        }
        if let zone = row["time_zone"], TimeZone(identifier: zone) == nil {
            throw Problem(
                "time_zone", "unknown_time_zone", "unknown time zone `\(zone)`", "Use an IANA name such as Asia/Shanghai.")
        }
        let address: String
        switch Address.judge(row["recipient"] ?? "", channel: channel, country: sender.defaultCountry) {
        case .normal(let normal): address = normal
        case .national:
            throw Problem(
                "recipient", "bad_recipient", "has no +, and sender `\(senderKey)` has no default_country",
                "Write it as E.164: +, calling code and number, such as +8613800138000.")
        case .wrong(let fault):
            throw Problem(
                "recipient", "bad_recipient", "is not an address of channel \(channel): it \(fault)",
                "Write it as E.164, such as +8613800138000, or as one mailbox.")
        }
        let epoch = Timestamp(microseconds: 0)
        return Message(
            id: MessageID(0), messageClass: name, channel: Channel(rawValue: channel),
            recipientKey: row["recipient_key"] ?? address,
            address: address, template: row["template"] ?? "", locale: row["locale"], sender: row["sender"],
            timeZone: row["time_zone"], tier: row["tier"], groupKey: row["group_key"], variables: row["variables"] ?? "{}",
            headers: row["headers"], createdAt: epoch, expiresAt: epoch)
    }

    private func list(_ names: some Sequence<String>) -> String { names.sorted().joined(separator: ", ") }

    private static func field(of error: RenderError) -> String? {
        switch error {
        case .missingVariable(let name, _), .variableNotText(let name, _, _): name
        case .requiredVariable(let names, _): names.first
        case .badVariables: "variables"
        case .badHeaders: "headers"
        case .unknownClass: "class"
        case .unknownSender, .senderCannot: "sender"
        case .templateSyntax, .lineBreakInSubject, .tooLarge, .overlong, .blockedWord, .heldWord, .wrongChannel: nil
        }
    }
}
