import Callbacks
import Domain
import Logging
import Rendering
import Store
import Synchronization
import Transports

/// One version of everything operators decide, ready for the stages: read once a second at most, shared by all loops.
package final class PolicySnapshot: Sendable {
    package let version: Int
    package let policy: Policy
    let renderer: Renderer
    let templates: [TemplateKey: TemplateSet]
    /// Changes when a template is pushed.
    package let templateStamp: String
    package let classes: [Int16: ClassPolicy]
    let channels: [Int16: Channel]
    let capRetention: Duration
    /// Providers whose receipts will name the ids that they answer with; no others.
    let receiptIDs: [String: ReceiptIDs]
    /// Why links are sent as they are written although the policy tracks some; nil: they are not.
    let linkProblem: String?
    let confirmLinks: ConfirmLinks
    private let capRules: [CapKey: CapRules]
    private let budgetRules: [BudgetKey: [BudgetRule]]
    private let dated: Mutex<Dated>

    /// What depends on the day: prices, and the choice by them.
    private struct Dated {
        var prices: PriceTable
        var router: Router
        init(_ policy: Policy, at instant: Timestamp) {
            prices = PriceTable(policy.prices, at: instant)
            router = Router(policy, at: instant)
        }
    }

    package struct TemplateKey: Hashable, Sendable {
        var key: String
        var channel: Channel
    }
    private struct CapKey: Hashable {
        var classID: Int16
        var channelID: Int16
    }
    private struct BudgetKey: Hashable {
        var messageClass: String
        var channel: Channel
        var provider: String
    }

    package init(
        version: Int, policy: Policy, templates: [Template], templateStamp: String, numbers: LoadNumbers.Numbers,
        receiptIDs: [String: ReceiptIDs] = [:]
    ) throws(RenderError) {
        self.version = version
        self.policy = policy
        let (links, linkProblem) = Self.links(policy)
        self.linkProblem = linkProblem
        self.renderer = Renderer(policy, links: links)
        var parsed: [TemplateKey: [ParsedTemplate]] = [:]
        for template in templates {
            parsed[TemplateKey(key: template.key, channel: template.channel), default: []].append(try ParsedTemplate(template))
        }
        self.templates = parsed.mapValues(TemplateSet.init)
        self.templateStamp = templateStamp
        self.classes = numbers.classes.compactMapValues { policy.classes[$0] }
        self.channels = numbers.channels.mapValues(Channel.init(rawValue:))
        self.capRetention = numbers.capRetention
        self.receiptIDs = receiptIDs
        self.confirmLinks = ConfirmLinks(policy)
        self.capRules = Self.capRules(policy, numbers)
        self.budgetRules = Self.budgetRules(policy)
        self.dated = Mutex(Dated(policy, at: Timestamp(microseconds: 0)))
    }

    /// Tokens for links, with the secret as its file has it now. A message is worth more than what becomes of its links: without the secret it goes
    /// out as it was written.
    private static func links(_ policy: Policy) -> (tokens: LinkTokens?, problem: String?) {
        guard let places = policy.links else { return (nil, nil) }
        do {
            let secret = try LinkSecret(path: places.secretFile)
            return (LinkTokens(click: { secret.clickToken($0, target: $1) }, open: { secret.openToken($0) }), nil)
        } catch {
            return (nil, "links.secret_file \(places.secretFile): \(error)")
        }
    }

    private static func budgetRules(_ policy: Policy) -> [BudgetKey: [BudgetRule]] {
        var rules: [BudgetKey: [BudgetRule]] = [:]
        guard !policy.budgets.isEmpty else { return rules }
        for provider in policy.providers.values {
            for channel in provider.channels {
                for name in policy.classes.keys {
                    let own = policy.budgets.filter { $0.matches(messageClass: name, channel: channel, provider: provider.name) }
                    if !own.isEmpty { rules[BudgetKey(messageClass: name, channel: channel, provider: provider.name)] = own }
                }
            }
        }
        return rules
    }

    /// The prices that are valid at an instant; picked out again when one has begun or ended.
    func prices(at instant: Timestamp) -> PriceTable { current(at: instant).prices }

    func router(at instant: Timestamp) -> Router { current(at: instant).router }

    private func current(at instant: Timestamp) -> Dated {
        dated.withLock { dated in
            if !dated.prices.period.contains(instant) { dated = Dated(policy, at: instant) }
            return dated
        }
    }

    /// The budgets that a message counts in at a provider.
    func budgets(of message: Message, provider: String) -> [Work.Budget] {
        guard !budgetRules.isEmpty else { return [] }
        let key = BudgetKey(messageClass: message.messageClass, channel: message.channel, provider: provider)
        return (budgetRules[key] ?? []).compactMap { rule in
            rule.key(group: message.groupKey).map { Work.Budget(rule: rule, key: $0) }
        }
    }

    private static func capRules(_ policy: Policy, _ numbers: LoadNumbers.Numbers) -> [CapKey: CapRules] {
        let classIDs = Dictionary(numbers.classes.map { ($1, $0) }) { first, _ in first }
        let channelIDs = Dictionary(numbers.channels.map { ($1, $0) }) { first, _ in first }
        var rules: [CapKey: CapRules] = [:]
        for cap in policy.caps {
            let counted = Set(cap.classes.compactMap { classIDs[$0] })
            let channels = Set(cap.channels.compactMap { channelIDs[$0.rawValue] })
            let rule = CapDecision.Rule(
                name: cap.name, classIDs: counted, channelIDs: channels, window: cap.window, limit: cap.limit, over: cap.over)
            for classID in counted {
                for channelID in channels.isEmpty ? Set(numbers.channels.keys) : channels {
                    rules[CapKey(classID: classID, channelID: channelID), default: CapRules()].add(rule, tiers: cap.tiers)
                }
            }
        }
        return rules
    }

    /// The caps of a class on a channel, with the limits of a tier; empty: none.
    func caps(classID: Int16, channelID: Int16, tier: String?) -> [CapDecision.Rule] {
        guard let rules = capRules[CapKey(classID: classID, channelID: channelID)] else { return [] }
        return rules.rules(tier: tier)
    }
}

/// The rules of one class on one channel, with their limits by tier worked out once.
struct CapRules: Sendable {
    private var plain: [CapDecision.Rule] = []
    private var tiers: [[String: Int]] = []

    mutating func add(_ rule: CapDecision.Rule, tiers: [String: Int]) {
        plain.append(rule)
        self.tiers.append(tiers)
    }

    func rules(tier: String?) -> [CapDecision.Rule] {
        guard let tier, tiers.contains(where: { $0[tier] != nil }) else { return plain }
        return zip(plain, tiers).map { rule, limits in
            var rule = rule
            rule.limit = limits[tier] ?? rule.limit
            return rule
        }
    }
}

extension PolicySnapshot {
    package func reportLinks(to logger: Logger) {
        guard let linkProblem else { return }
        logger.error(
            "links are not tracked: they are sent as they are written, until the file can be read and the worker starts again or a policy is applied",
            metadata: ["error": "\(linkProblem)"])
    }
}
