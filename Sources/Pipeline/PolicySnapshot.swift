import Domain
import Events
import FoundationEssentials
import Rendering
import Settings
import Store
import Transports

/// One version of everything operators decide, ready for the stages: read once a second at most, shared by all loops.
final class PolicySnapshot: Sendable {
    let version: Int
    let policy: Policy
    let renderer: Renderer
    let templates: [TemplateKey: TemplateSet]
    /// Changes when a template is pushed.
    let templateStamp: String
    let classes: [Int16: ClassPolicy]
    let channels: [Int16: Channel]
    let capRetention: Duration
    /// Providers whose receipts will name the ids that they answer with; no others.
    var receiptIDs: [String: ReceiptIDs] { events.receiptIDs }
    let events: EventPolicy
    private let capRules: [CapKey: CapRules]

    struct TemplateKey: Hashable, Sendable {
        var key: String
        var channel: Channel
    }
    private struct CapKey: Hashable {
        var classID: Int16
        var channelID: Int16
    }

    init(
        version: Int, policy: Policy, templates: [Template], templateStamp: String, numbers: LoadNumbers.Numbers
    ) throws(RenderError) {
        self.version = version
        self.policy = policy
        self.renderer = Renderer(policy)
        var parsed: [TemplateKey: [ParsedTemplate]] = [:]
        for template in templates {
            parsed[TemplateKey(key: template.key, channel: template.channel), default: []].append(try ParsedTemplate(template))
        }
        self.templates = parsed.mapValues(TemplateSet.init)
        self.templateStamp = templateStamp
        self.classes = numbers.classes.compactMapValues { policy.classes[$0] }
        self.channels = numbers.channels.mapValues(Channel.init(rawValue:))
        self.capRetention = numbers.capRetention
        self.events = EventPolicy(policy)
        self.capRules = Self.capRules(policy, numbers)
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

    /// The provider that the first matching route names; nil: none matches.
    func provider(for message: Message) -> ProviderPolicy? {
        for route in policy.routes where matches(route, message) {
            if let provider = policy.providers[route.provider] { return provider }
        }
        return nil
    }

    private func matches(_ route: Route, _ message: Message) -> Bool {
        if let channel = route.channel, channel != message.channel { return false }
        if !route.classes.isEmpty && !route.classes.contains(message.messageClass) { return false }
        if let sender = route.sender, sender != message.sender { return false }
        guard !route.prefixes.isEmpty else { return true }
        return route.prefixes.contains {
            message.channel == .email ? message.address.hasSuffix("@\($0)") : message.address.hasPrefix($0)
        }
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
    /// Reads the newest policy and its templates; nil when no policy was ever applied.
    static func load(from database: Database) async throws -> PolicySnapshot? {
        guard let stored = try await database.run(LoadPolicy()) else { return nil }
        let files: [String: String]
        do {
            files = try JSONDecoder().decode([String: String].self, from: Data(stored.files.utf8))
        } catch {
            throw StoreError.internalError("policy \(stored.version) in the database is not an object of texts: \(error)")
        }
        let policy = try PolicyFiles.parse(files)
        let stamp = try await database.run(PolicyStamp()).templates
        let templates = try await database.run(LoadTemplates())
        let numbers = try await database.run(LoadNumbers())
        return try PolicySnapshot(
            version: stored.version, policy: policy, templates: templates, templateStamp: stamp, numbers: numbers)
    }
}
