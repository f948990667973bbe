import Domain

/// Campaigns as they lie on disk: one file for each, `campaigns/NAME.yaml`, whose name is the campaign's.
public enum CampaignFiles {
    static let keys = [
        "audience", "class", "channel", "sender", "template", "variants", "holdout", "seed", "variables", "window", "missed",
        "time_zone", "start", "pace", "codes", "code_as", "goal", "four_eyes",
    ]
    /// More files than this are refused.
    static let maximumFiles = 1000

    /// What the campaigns of a directory may refer to.
    public struct Known: Sendable {
        public var policy: Policy
        /// Keys of templates by channel.
        public var templates: [Channel: Set<String>]
        public init(policy: Policy, templates: [Template]) {
            self.policy = policy
            self.templates = Dictionary(grouping: templates, by: \.channel).mapValues { Set($0.map(\.key)) }
        }
    }

    /// The campaigns of a directory with their texts, sorted by name.
    /// - Throws: `ConfigErrors` with everything that is wrong in all files.
    public static func read(
        directory: String, known: Known?
    ) throws(ConfigErrors) -> [(campaign: Campaign, text: String)] {
        var problems: [ConfigProblem] = []
        var campaigns: [(campaign: Campaign, text: String)] = []
        let names = try filesInDirectory(directory).filter { !$0.hasPrefix(".") }
        guard names.count <= maximumFiles else {
            throw ConfigErrors([
                ConfigProblem(file: directory, problem: "has \(names.count) files", hint: "keep it within \(maximumFiles)")
            ])
        }
        for name in names {
            guard name.hasSuffix(".yaml") else {
                problems.append(ConfigProblem(file: name, problem: "is no campaign", hint: "name it NAME.yaml"))
                continue
            }
            do throws(ConfigProblem) {
                let text = try readText("\(directory)/\(name)", shownAs: name)
                do throws(ConfigErrors) {
                    let campaign = try parse(text, name: String(name.dropLast(5)), known: known)
                    campaigns.append((campaign: campaign, text: text))
                } catch { problems += error.problems }
            } catch { problems.append(error) }
        }
        guard problems.isEmpty else { throw ConfigErrors(problems) }
        return campaigns
    }

    /// One campaign.
    /// - Parameter known: nil: what it refers to is not checked (it was when it was applied).
    public static func parse(_ text: String, name: String, known: Known?) throws(ConfigErrors) -> Campaign {
        let file = YAMLFile(name: name + ".yaml")
        guard isName(name) else {
            throw ConfigErrors([ConfigProblem(file: file.name, problem: "`\(name)` is not a name", hint: nameRule)])
        }
        let object = file.root(of: text)?.object(keys: keys)
        let campaign = object.flatMap { CampaignReading(object: $0, name: name, known: known).campaign() }
        guard file.problems.isEmpty, let campaign else { throw ConfigErrors(file.problems) }
        return campaign
    }
}

/// One pass over one file.
struct CampaignReading {
    let object: YAMLObject
    let name: String
    let known: CampaignFiles.Known?

    func campaign() -> Campaign? {
        let audience = object.required("audience", "the name of a list of people")?.name()
        let messageClass = object.required("class", "a class of classes.yaml, such as marketing")?.name()
        let channel = object.required("channel", "sms, email, or an HTTP channel of the policy")?.name().map(
            Channel.init(rawValue:))
        let zone = object.required("time_zone", "the zone of the times in this file, and of people without one")?.text(limit: 64)
        if let messageClass, let policy = known?.policy {
            refer(object["class"], to: messageClass, among: policy.classes.keys, "class")
        }
        if let channel, let policy = known?.policy {
            refer(
                object["channel"], to: channel.rawValue,
                among: channelNames(policy), "channel")
        }
        let isKnown = channel.flatMap { channel in known.map { channelNames($0.policy).contains(channel.rawValue) } } ?? true
        let variants = self.variants(isKnown ? channel : nil)
        guard let audience, let messageClass, let channel, let zone, let variants else { return nil }
        var campaign = Campaign(
            name: name, audience: audience, messageClass: messageClass, channel: channel, variants: variants,
            seed: object["seed"]?.text(limit: 64) ?? name, timeZone: zone)
        campaign.sender = object["sender"]?.name()
        if let sender = campaign.sender, let policy = known?.policy {
            refer(object["sender"], to: sender, among: policy.senders.keys, "sender")
        }
        campaign.window = window(policy: known?.policy.classes[messageClass])
        campaign.missed = object["missed"]?.word(Campaign.Missed.self) ?? .tomorrow
        if object["window"] == nil { object["missed"]?.report("needs a window", "set window, or leave it out") }
        campaign.start = object["start"]?.localTime()
        campaign.pace = object["pace"]?.rate()
        campaign.pool = object["codes"]?.name()
        campaign.codeVariable = object["code_as"]?.variableName() ?? "code"
        if campaign.pool == nil { object["code_as"]?.report("needs codes", "name a pool under codes, or leave it out") }
        campaign.variables = variables(besides: campaign.pool == nil ? nil : campaign.codeVariable)
        campaign.goal = object["goal"]?.eventName()
        campaign.fourEyes = object["four_eyes"]?.integer(in: 1...100_000_000)
        return campaign
    }

    private func channelNames(_ policy: Policy) -> Set<String> {
        Set(policy.providers.values.flatMap(\.channels).map(\.rawValue) + ["sms", "email"])
    }

    private func refer(_ value: YAMLValue?, to name: String, among names: some Collection<String>, _ what: String) {
        guard !names.contains(name) else { return }
        value?.report("unknown \(what) `\(name)`", knownWords(name, among: names))
    }

    private func variables(besides code: String?) -> [String: String] {
        var variables: [String: String] = [:]
        for (key, _, value) in object["variables"]?.entries() ?? [] {
            if key == code { value.report("is taken: a code of the pool has that name", "choose another name") }
            if let text = value.text() { variables[key] = text }
        }
        return variables
    }

    private func window(policy: ClassPolicy?) -> Campaign.Window? {
        guard let value = object["window"] else { return nil }
        guard let hours = value.quietHours() else { return nil }
        let window = Campaign.Window(from: hours.from, until: hours.until)
        if let quiet = policy?.quietHours, window.isShut(by: quiet) {
            value.report(
                "lies wholly in the quiet hours of class \(policy?.name ?? "") (\(quiet.shown)): it would never open",
                "choose hours outside of them")
        }
        return window
    }

    private func variants(_ channel: Channel?) -> [Campaign.Variant]? {
        let held = object["holdout"].flatMap { $0.percent() } ?? 0
        var variants: [Campaign.Variant] = []
        switch (object["template"], object["variants"]) {
        case (let value?, nil):
            guard let template = template(value, channel) else { return nil }
            variants = [Campaign.Variant(name: "all", template: template, share: 10_000 - held)]
        case (nil, let value?):
            for (name, place, entry) in value.entries() {
                guard let read = variant(name, place, entry, channel) else { return nil }
                variants.append(read)
            }
            let sum = variants.reduce(held) { $0 + $1.share }
            if sum != 10_000 {
                value.report(
                    "the shares\(held > 0 ? " and the holdout" : "") add up to \(shown(sum)), not 100%", "correct one of them")
            }
        case (_?, let value?): value.report("is beside template", "keep one of them")
        case (nil, nil): object.value.report("template is missing", "name a template, or several under variants")
        }
        if variants.count > 20 { object["variants"]?.report("has \(variants.count) variants", "keep it within 20") }
        if held > 0 { variants.append(Campaign.Variant(name: Campaign.holdout, template: nil, share: held)) }
        return variants.isEmpty ? nil : variants
    }

    private func variant(_ name: String, _ place: Place?, _ value: YAMLValue, _ channel: Channel?) -> Campaign.Variant? {
        if !isName(name) || name == Campaign.holdout {
            value.file.report(
                "`\(name)` is not a name of a variant", name == Campaign.holdout ? "set the key holdout instead" : nameRule,
                at: place, path: value.path)
        }
        guard let entry = value.object(keys: ["template", "share"]) else { return nil }
        let template = entry.required("template", "the key of a template").flatMap { self.template($0, channel) }
        let share = entry.required("share", "such as 45%")?.percent()
        guard let template, let share else { return nil }
        return Campaign.Variant(name: name, template: template, share: share)
    }

    private func template(_ value: YAMLValue, _ channel: Channel?) -> String? {
        guard let key = value.name() else { return nil }
        if let known, let channel {
            let keys = known.templates[channel] ?? []
            if !keys.contains(key) { value.report("no template `\(key)` for channel \(channel)", knownWords(key, among: keys)) }
        }
        return key
    }

    private func shown(_ share: Int) -> String { share % 100 == 0 ? "\(share / 100)%" : "\(Double(share) / 100)%" }
}

extension YAMLValue {
    /// `45%` or `12.5%`, in ten-thousandths.
    func percent() -> Int? {
        guard let text = text(limit: 20) else { return nil }
        if text.hasSuffix("%"), let number = Double(text.dropLast()), number > 0, number <= 100 {
            let share = (number * 100).rounded()
            if abs(share - number * 100) < 1e-6 { return Int(share) }
        }
        report("\(quoted(text)) is not a share", "write a percentage with at most two digits behind the point, such as 12.5%")
        return nil
    }

    /// `2027-03-01 09:00`.
    func localTime() -> Campaign.LocalTime? {
        guard let text = text(limit: 40) else { return nil }
        if let match = text.wholeMatch(of: /(20[0-9]{2})-([0-9]{2})-([0-9]{2}) ([0-9]{2}):([0-9]{2})/),
            let month = Int(match.2), let day = Int(match.3), let hour = Int(match.4), let minute = Int(match.5),
            let year = Int(match.1),
            (1...12).contains(month), (1...days(in: month, of: year)).contains(day), hour < 24, minute < 60
        {
            return Campaign.LocalTime(text: text)
        }
        report("\(quoted(text)) is not a time", "write the time in time_zone, such as 2027-03-01 09:00")
        return nil
    }

    private func days(in month: Int, of year: Int) -> Int {
        switch month {
        case 2: year % 4 == 0 && (year % 100 != 0 || year % 400 == 0) ? 29 : 28
        case 4, 6, 9, 11: 30
        default: 31
        }
    }

    /// The name of an event, such as `order.paid`.
    func eventName() -> String? {
        guard let text = text(limit: 63) else { return nil }
        if text.wholeMatch(of: /[a-z0-9][a-z0-9_.\-]{0,62}/) != nil { return text }
        report("\(quoted(text)) is not the name of an event", "use lower-case letters, digits, -, _ and dots, such as order.paid")
        return nil
    }
}

extension QuietHours {
    /// `22:00-08:00`
    var shown: String { "\(clock(from))-\(clock(until))" }
    private func clock(_ minutes: Int) -> String {
        func two(_ number: Int) -> String { number < 10 ? "0\(number)" : "\(number)" }
        return "\(two(minutes / 60)):\(two(minutes % 60))"
    }
}
