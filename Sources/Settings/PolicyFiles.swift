import Domain
import Foundation

/// The policy as an admin writes it: YAML files under `Config/policy/`. PostgreSQL stores the texts as they were written, and
/// every worker parses them with this code.
public enum PolicyFiles {
    /// All of them must be there: a forgotten `caps.yaml` would silently lift every cap.
    public static let names = [
        "classes.yaml", "caps.yaml", "senders.yaml", "providers.yaml", "routes.yaml", "prices.yaml", "words.yaml",
    ]
    /// These need not be there: without them nothing is lost, the words that everybody knows stop all the same, nothing has a budget, no
    /// link is tracked, and no service hears of events by itself.
    static let optionalNames = ["keywords.yaml", "budgets.yaml", "links.yaml", "webhooks.yaml", "confirm.yaml"]

    /// The keys of one entry (class, cap, …) in each file.
    public static let keys: [String: [String]] = [
        "classes.yaml": [
            "lane", "time_to_live", "attempts", "retry_base", "retry_limit", "quiet_hours", "release_over", "consent",
            "in_doubt", "resends", "signature", "opt_out", "required", "max_segments", "overlong", "erase_body", "sender",
            "accept_within", "keep_expired", "schedule_within", "track_clicks", "track_opens", "links_expire",
        ],
        "caps.yaml": ["classes", "channels", "window", "calendar", "limit", "tiers", "over"],
        "senders.yaml": [
            "sms_from", "email_from", "email_name", "reply_to", "time_zone", "default_country", "default_locale",
            "signatures", "opt_out",
        ],
        "providers.yaml": [
            "transport", "channels", "rate", "rate_of", "max_connections", "window", "send_within", "timeout", "receipt_within",
            "delivered_at_least",
            "options",
        ],
        "routes.yaml": ["provider", "providers", "choose", "channel", "classes", "prefixes", "sender"],
        "prices.yaml": ["currency", "per_segment", "from", "until"],
        "words.yaml": ["action", "words", "prefixes", "providers"],
        "keywords.yaml": ["stop", "stop_all", "start"],
        "confirm.yaml": ["url", "secret_file"],
        "webhooks.yaml": [
            "url", "secret_file", "events", "classes", "group_prefixes", "rate", "window", "timeout", "tls_ca_file", "in_clear",
            "allow_private",
        ],
        "budgets.yaml": ["classes", "channels", "providers", "each", "time_zone", "limit", "over"],
        "links.yaml": ["click_url", "open_url", "secret_file"],
    ]

    /// The texts of the policy files in a directory, by name. Dotfiles and files that are not YAML are left alone.
    /// - Throws: `ConfigErrors` when the directory or a file cannot be read, is larger than 1 MiB, or is not UTF-8.
    public static func read(directory: String) throws(ConfigErrors) -> [String: String] {
        var texts: [String: String] = [:]
        var problems: [ConfigProblem] = []
        for name in try filesInDirectory(directory) where isYAML(name) {
            do throws(ConfigProblem) {
                texts[name] = try readText(directory + "/" + name, shownAs: name)
            } catch {
                problems.append(error)
            }
        }
        guard problems.isEmpty else { throw ConfigErrors(problems) }
        return texts
    }

    /// The policy that these files (name → text) say.
    /// - Throws: `ConfigErrors` with everything that is wrong in all of them.
    public static func parse(_ texts: [String: String]) throws(ConfigErrors) -> Policy {
        let reading = PolicyReading()
        let known = names + optionalNames
        for name in texts.keys.sorted() where !known.contains(name) {
            reading.problems.append(
                ConfigProblem(file: name, problem: "is not a policy file", hint: knownWords(name, among: known)))
        }
        let policy = reading.policy(from: texts)
        let problems = reading.allProblems
        guard problems.isEmpty, let policy else { throw ConfigErrors(problems) }
        return policy
    }

    private static func isYAML(_ name: String) -> Bool {
        !name.hasPrefix(".") && (name.hasSuffix(".yaml") || name.hasSuffix(".yml"))
    }
}

/// One pass over the policy files: what they define, what they refer to, what is wrong.
final class PolicyReading {
    /// What another file defines and this one names.
    enum Kind: String {
        case messageClass = "class"
        case sender, provider
    }

    var problems: [ConfigProblem] = []
    /// Names per kind; absent when their file could not be read at all (then references to it are not judged).
    var defined: [Kind: Set<String>] = [:]
    /// The classes as they stand in their file, to report what is found out late.
    var classes: [(name: String, object: YAMLObject)] = []
    private var files: [YAMLFile] = []
    private var references: [(kind: Kind, name: String, value: YAMLValue)] = []

    var allProblems: [ConfigProblem] { problems + files.flatMap(\.problems) }

    /// nil only together with problems.
    func policy(from texts: [String: String]) -> Policy? {
        func root(_ name: String, keys: [String]) -> YAMLObject? {
            guard let text = texts[name] else {
                if PolicyFiles.optionalNames.contains(name) { return nil }
                problems.append(
                    ConfigProblem(file: name, problem: "is missing", hint: "every policy has this file, see Config/policy"))
                return nil
            }
            let file = YAMLFile(name: name)
            files.append(file)
            return file.root(of: text)?.object(keys: keys)
        }
        var classes = root("classes.yaml", keys: ["classes"]).map(readClasses) ?? [:]
        let caps = root("caps.yaml", keys: ["caps"]).map(readCaps) ?? []
        let senders = root("senders.yaml", keys: ["default", "senders"]).map(readSenders) ?? (nil, [:])
        var providers = root("providers.yaml", keys: ["providers"]).map(readProviders) ?? [:]
        var routes = root("routes.yaml", keys: ["routes"]).map { readRoutes($0, providers: providers) } ?? []
        let prices = root("prices.yaml", keys: ["prices"]).map(readPrices) ?? []
        let words = root("words.yaml", keys: ["lists"]).map(readWordLists) ?? []
        var keywords = root("keywords.yaml", keys: ["scope", "words"]).map(readKeywords) ?? KeywordPolicy()
        let budgets = root("budgets.yaml", keys: ["budgets"]).map(readBudgets) ?? []
        let links = root("links.yaml", keys: ["links"]).flatMap(readLinks)
        let webhooks = root("webhooks.yaml", keys: ["endpoints"]).map { readWebhooks($0, beside: providers) } ?? []
        if !webhooks.isEmpty, classes[Webhooks.name] == nil { classes[Webhooks.name] = Webhooks.standardClass }
        for webhook in webhooks {
            providers[webhook.provider.name] = webhook.provider
            routes.append(Route(provider: webhook.provider.name, channel: .webhook, prefixes: [webhook.endpoint.name]))
        }
        let confirmLink = root("confirm.yaml", keys: ["link"]).flatMap(readConfirm)
        // Where there is no such class that scope would stop nothing.
        if keywords.scope == KeywordPolicy().scope, classes[keywords.scope] == nil { keywords.scope = "all_except_otp" }
        checkReferences()
        guard let defaultSender = senders.0, allProblems.isEmpty else { return nil }
        var policy = Policy(
            classes: classes, caps: caps, senders: senders.1, defaultSender: defaultSender, providers: providers,
            routes: routes, prices: prices, wordLists: words, keywords: keywords, budgets: budgets, links: links)
        policy.webhooks = webhooks.map(\.endpoint)
        policy.confirmLink = confirmLink
        checkTexts(of: policy)
        checkTracking(of: policy)
        return policy
    }

    /// Reads the name of something that is defined elsewhere; whether it exists is checked when all files are read.
    func reference(_ kind: Kind, _ value: YAMLValue) -> String? {
        guard let name = value.name() else { return nil }
        references.append((kind, name, value))
        return name
    }

    /// The entries of `object[key]` with valid names; remembers all names as defined.
    func definitions(_ kind: Kind?, _ key: String, of object: YAMLObject) -> [(name: String, value: YAMLValue)] {
        guard let entries = object.required(key, "write `\(key):` and the entries below it")?.entries() else { return [] }
        if let kind { defined[kind] = Set(entries.map(\.key)) }
        return entries.compactMap { name, place, value in
            if isName(name) { return (name, value) }
            value.file.report("\(value.quoted(name)) is not a name", nameRule, at: place, path: value.path)
            return nil
        }
    }

    private func checkReferences() {
        for (kind, name, value) in references {
            guard let known = defined[kind], !known.contains(name) else { continue }
            value.report("there is no \(kind.rawValue) \(value.quoted(name))", knownWords(name, among: known))
        }
    }

    /// A class that needs a signature or an opt-out phrase must find one in the sender it uses by default.
    private func checkTexts(of policy: Policy) {
        for (name, object) in classes {
            guard let rules = policy.classes[name], let sender = policy.senders[rules.sender ?? policy.defaultSender],
                !sender.smsPools.isEmpty
            else { continue }
            let needs = [
                ("signature", rules.requiresSignature && sender.signatures.isEmpty, "signatures"),
                ("opt_out", rules.requiresOptOut && sender.optOutPhrases.isEmpty, "opt_out"),
            ]
            for (field, isMissing, key) in needs where isMissing {
                object[field]?.report(
                    "is required, but sender \(sender.key) has no \(key)",
                    "add \(key) to senders.\(sender.key) in senders.yaml")
            }
        }
    }
}
