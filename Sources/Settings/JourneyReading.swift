import Domain

/// One pass over one file.
struct JourneyReading {
    let object: YAMLObject
    let name: String
    let known: JourneyFiles.Known?

    func journey() -> Journey? {
        let entry = object.required("entry", "the event that lets people in, such as entry: {event: cart.left}").flatMap {
            self.entry($0)
        }
        let zone = object.required("time_zone", "the zone of people without one")?.text(limit: 64)
        let reEntry = object.required("re_entry", "never, after_end or always")?.word(Journey.ReEntry.self)
        let goals = object["goals"]?.texts(limit: 20) { $0.eventName() } ?? []
        let exits = object["exits"]?.texts(limit: 20) { $0.eventName() } ?? []
        let steps = object.required("steps", "the steps by their names, in order").flatMap { self.steps($0) }
        guard let entry, let zone, let reEntry, let steps else { return nil }
        var journey = Journey(name: name, entry: entry, reEntry: reEntry, timeZone: zone, steps: steps)
        journey.goals = goals
        journey.exits = exits
        for (step, place, value) in object["removed"]?.entries() ?? [] {
            if journey.step(named: step) != nil {
                value.file.report(
                    "`\(step)` is a step of this file", "name steps that an earlier version had", at: place, path: value.path)
            }
            journey.removed[step] = target(value, among: steps.map(\.name))
        }
        checkEvents(journey)
        checkReach(journey)
        if let known { checkVariables(journey, known) }
        return journey
    }

    private func entry(_ value: YAMLValue) -> Journey.Entry? {
        guard let entry = value.object(keys: ["event", "where", "data", "audience"]) else { return nil }
        let data = entry["data"]?.texts(limit: 100) ?? []
        switch (entry["event"], entry["audience"]) {
        case (let event?, nil):
            guard let event = event.eventName() else { return nil }
            return .event(event, conditions: entry["where"]?.conditions() ?? [], data: data)
        case (nil, let audience?):
            entry["where"]?.report("is for events", "choose the people in the audience's query")
            return audience.name().map { .audience($0, data: data) }
        case (_?, let audience?): audience.report("is beside event", "keep one of them")
        case (nil, nil): value.report("names neither an event nor an audience", "write event: NAME or audience: NAME")
        }
        return nil
    }

    private func steps(_ value: YAMLValue) -> [Journey.Step]? {
        let entries = value.entries()
        let names = entries.map(\.key)
        if entries.isEmpty { value.report("has no step", "write NAME: {send: TEMPLATE}") }
        if entries.count > JourneyFiles.maximumSteps {
            value.report("has \(entries.count) steps", "keep it within \(JourneyFiles.maximumSteps)")
        }
        var steps: [Journey.Step] = []
        for (index, (key, place, value)) in entries.enumerated() {
            if !isName(key) || key == "end" {
                value.file.report(
                    "`\(key)` is not a name of a step", key == "end" ? "end is where journeys end" : nameRule, at: place,
                    path: value.path)
            }
            guard let step = value.object(keys: JourneyFiles.stepKeys) else { continue }
            let reading = StepReading(
                step: step, names: names, index: index, defaults: object, known: known)
            if let (action, next) = reading.actionAndNext() { steps.append(Journey.Step(name: key, action: action, next: next)) }
        }
        return steps.count == entries.count && !steps.isEmpty ? steps : nil
    }

    /// `end` or a step.
    private func target(_ value: YAMLValue, among names: [String]) -> Journey.Target {
        guard let text = value.text(), text != "end" else { return nil }
        if !names.contains(text) { value.report("unknown step `\(text)`", knownWords(text, among: names + ["end"])) }
        return text
    }

    /// An event that ends the journey cannot also let people in, or be waited for.
    private func checkEvents(_ journey: Journey) {
        for (key, events) in [("goals", journey.goals), ("exits", journey.exits)] {
            for event in events {
                if case .event(event, _, _) = journey.entry {
                    object[key]?.report("\(event) lets people in", "name another event: this one would end what it begins")
                }
                if journey.awaited.contains(event) {
                    object[key]?.report(
                        "\(event) is waited for by a step", "leave it out of \(key): it would end the journey first")
                }
            }
        }
        for event in journey.exits where journey.goals.contains(event) {
            object["exits"]?.report("\(event) is a goal, too", "keep one of them")
        }
    }

    private func checkReach(_ journey: Journey) {
        var reached: Set<String> = Set(journey.steps.prefix(1).map(\.name))
        for step in journey.steps where reached.contains(step.name) { reached.formUnion(step.targets.compactMap { $0 }) }
        for (key, place, value) in object["steps"]?.entries() ?? [] where !reached.contains(key) {
            value.file.report(
                "no step leads here", "name it under then or else of a step before it, or remove it", at: place, path: value.path)
        }
    }

    /// Whatever way leads to a message: its template's variables are there.
    private func checkVariables(_ journey: Journey, _ known: JourneyFiles.Known) {
        let entered: [String] =
            switch journey.entry {
            case .event(_, _, let data), .audience(_, let data): data
            }
        let base = Set(entered).union((object["variables"]?.entries() ?? []).map(\.key))
        // What is certain at each step: what all ways to it have in common.
        var certain: [String: Set<String>] = journey.steps.first.map { [$0.name: base] } ?? [:]
        let values = Dictionary((object["steps"]?.entries() ?? []).map { ($0.key, $0.value) }) { first, _ in first }
        for step in journey.steps {
            guard let has = certain[step.name], let value = values[step.name] else { continue }
            if case .send(let send) = step.action {
                let required = Set(
                    known.templates.filter { $0.key == send.template && $0.channel == send.channel }.flatMap(\.required)
                )
                .union(known.policy.classes[send.messageClass]?.requiredVariables ?? []).subtracting(["confirm_url"])
                let given = has.union(send.variables.keys).union(send.pool == nil ? [] : [send.codeVariable])
                let missing = required.filter { name in
                    !given.contains(name) && !given.contains { name.hasPrefix($0 + ".") }
                }
                if !missing.isEmpty {
                    value.report(
                        "template \(send.template) needs \(missing.sorted().joined(separator: ", "))",
                        "name what the event brings under entry.data, or set variables")
                }
            }
            for (index, target) in step.targets.enumerated() {
                guard let target else { continue }
                var after = has
                if index == 0, case .waitFor = step.action {
                    after.formUnion(value.object(keys: JourneyFiles.stepKeys)?["data"]?.texts() ?? [])
                }
                certain[target] = certain[target].map { $0.intersection(after) } ?? after
            }
        }
    }
}

/// One step of a file.
struct StepReading {
    let step: YAMLObject
    /// Of all steps, in order.
    let names: [String]
    let index: Int
    /// The file, for what its steps have in common.
    let defaults: YAMLObject
    let known: JourneyFiles.Known?

    private static let longest = Duration.seconds(366 * 86_400)
    private static let kinds = ["send", "wait", "until", "wait_for", "if_message", "if", "end"]
    private static let extras = [
        "send": ["channel", "class", "sender", "variables", "codes", "code_as", "then"], "wait": ["until", "then"],
        "until": ["wait", "then"],
        "wait_for": ["where", "within", "data", "then", "else"], "if_message": ["is", "within", "then", "else"],
        "if": ["then", "else"], "end": [],
    ]

    func actionAndNext() -> (Journey.Action, Journey.Target)? {
        let kinds = Self.kinds.filter { step.members[$0] != nil }
        guard let kind = kinds.first, kinds.count == 1 || kinds == ["wait", "until"] else {
            step.value.report(
                kinds.isEmpty ? "says not what to do" : "says several things: \(kinds.joined(separator: ", "))",
                "write one of \(Self.kinds.joined(separator: ", "))")
            return nil
        }
        for (key, value) in step.members where !kinds.contains(key) && !(Self.extras[kind] ?? []).contains(key) {
            value.report("is not for \(kind)", "leave it out")
        }
        let next = target("then") ?? following
        guard let action = action(kind) else { return nil }
        return (action, next.isEmpty ? nil : next)
    }

    private func action(_ kind: String) -> Journey.Action? {
        switch kind {
        case "send": send().map { .send($0) }
        case "wait", "until": wait()
        case "wait_for": waitFor()
        case "if_message": look()
        case "if": step["if"].map { .branch($0.conditions(), otherwise: otherwise) }
        default: step["end"]?.text(limit: 63).map { .end($0) }
        }
    }

    private func wait() -> Journey.Action? {
        let time = step["wait"].map { $0.duration(in: .seconds(1)...Self.longest) } ?? .zero
        let window = step["until"].map { $0.quietHours().map { Campaign.Window(from: $0.from, until: $0.until) } }
        guard let time, window != .some(nil) else { return nil }
        return .wait(time, until: window ?? nil)
    }

    private func waitFor() -> Journey.Action? {
        let event = step["wait_for"]?.eventName()
        let within = step.required("within", "how long at most, such as 24h")?.duration(in: .seconds(1)...Self.longest)
        let otherwise = needed("else", "where people go when it has not come, or end")
        guard let event, let within else { return nil }
        return .waitFor(event: event, conditions: step["where"]?.conditions() ?? [], within: within, otherwise: otherwise)
    }

    private func look() -> Journey.Action? {
        let message = step["if_message"]?.name()
        let sign = step.required("is", "delivered, opened or clicked")?.word(Journey.Sign.self)
        let within = step.required("within", "how long after it was sent, such as 1h")?.duration(in: .seconds(1)...Self.longest)
        let otherwise = needed("else", "where people go when it is not, or end")
        guard let message, let sign, let within else { return nil }
        if !names.prefix(index).contains(message) {
            step["if_message"]?.report("`\(message)` is no step before this one", knownWords(message, among: names.prefix(index)))
        }
        return .look(step: message, sign: sign, within: within, otherwise: otherwise)
    }

    private var otherwise: Journey.Target { needed("else", "where other people go, or end") }
    private func needed(_ key: String, _ hint: String) -> Journey.Target {
        guard step.required(key, hint) != nil else { return nil }
        return target(key).flatMap { $0.isEmpty ? nil : $0 }
    }

    /// The step after this one; empty: the end.
    private var following: String { index + 1 < names.count ? names[index + 1] : "" }

    /// nil: not said. Empty: the end.
    private func target(_ key: String) -> String? {
        guard let value = step[key], let text = value.text() else { return nil }
        guard text != "end" else { return "" }
        guard let place = names.firstIndex(of: text) else {
            value.report("unknown step `\(text)`", knownWords(text, among: names.dropFirst(index + 1) + ["end"]))
            return ""
        }
        if place <= index {
            value.report("`\(text)` is not after this step: the journey would never end", "name a later step, or end")
        }
        return text
    }

    private func send() -> Journey.Send? {
        let template = step["send"]?.name()
        let messageClass = common("class", "a class of classes.yaml, such as marketing")
        let channel = common("channel", "sms, email, or an HTTP channel of the policy")
        let sender = (step["sender"] ?? defaults["sender"])?.name()
        let pool = step["codes"]?.name()
        if pool == nil { step["code_as"]?.report("needs codes", "name a pool under codes, or leave it out") }
        var variables: [String: String] = [:]
        for source in [defaults["variables"], step["variables"]] {
            for (key, _, value) in source?.entries() ?? [] { variables[key] = value.text() }
        }
        guard let template, let messageClass = messageClass?.name(), let channel = channel?.name() else { return nil }
        let send = Journey.Send(
            template: template, messageClass: messageClass, channel: Channel(rawValue: channel), sender: sender,
            variables: variables,
            pool: pool, codeVariable: step["code_as"]?.variableName() ?? "code")
        if let known { check(send, known) }
        return send
    }

    /// A key of the step, or of the file.
    private func common(_ key: String, _ hint: String) -> YAMLValue? {
        if let value = step[key] ?? defaults[key] { return value }
        step.value.report("\(key) is missing", "\(hint): here, or at the top for all steps")
        return nil
    }

    private func check(_ send: Journey.Send, _ known: JourneyFiles.Known) {
        refer("class", to: send.messageClass, among: known.policy.classes.keys)
        let channels = Set(known.policy.providers.values.flatMap(\.channels).map(\.rawValue) + ["sms", "email"])
        refer("channel", to: send.channel.rawValue, among: channels)
        if let sender = send.sender { refer("sender", to: sender, among: known.policy.senders.keys) }
        let keys = Set(known.templates.filter { $0.channel == send.channel }.map(\.key))
        if channels.contains(send.channel.rawValue) && !keys.contains(send.template) {
            step["send"]?.report(
                "no template `\(send.template)` for channel \(send.channel)", knownWords(send.template, among: keys))
        }
    }

    private func refer(_ key: String, to name: String, among names: some Collection<String>) {
        guard !names.contains(name) else { return }
        (step[key] ?? defaults[key])?.report("unknown \(key) `\(name)`", knownWords(name, among: names))
    }
}
