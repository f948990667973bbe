import Domain

extension PolicyReading {
    func readRoutes(_ root: YAMLObject, providers: [String: ProviderPolicy]) -> [Route] {
        var routes: [Route] = []
        for value in root.required("routes", "write `routes:` and one `- provider: name` per route")?.items() ?? [] {
            guard let object = value.object(in: "routes.yaml"),
                let route = readRoute(object)
            else { continue }
            if routes.contains(route) { value.report("is there twice", "keep one") }
            for choice in route.providers {
                guard let channel = route.channel, let provider = providers[choice.name], !provider.channels.contains(channel)
                else {
                    continue
                }
                object["channel"]?.report(
                    "provider \(choice.name) does not carry \(channel)",
                    "its channels: \(provider.channels.map(\.rawValue).joined(separator: ", "))")
            }
            routes.append(route)
        }
        return routes
    }

    private func readRoute(_ object: YAMLObject) -> Route? {
        let choices = readChoices(object)
        let rule = object["choose"]?.word(Route.Rule.self)
        if rule != nil, object["providers"] == nil {
            object["choose"]?.report("there is nothing to choose", "name several under `providers:`, or leave it out")
        }
        let channel = object["channel"]?.name().map { Channel(rawValue: $0) }
        let classes = object["classes"]?.texts { reference(.messageClass, $0) } ?? []
        let prefixes = object["prefixes"]?.texts { $0.prefixOrDomain() } ?? []
        let sender = object["sender"].flatMap { reference(.sender, $0) }
        guard !choices.isEmpty else { return nil }
        return Route(
            providers: choices, choice: rule ?? .weight, channel: channel, classes: classes, prefixes: prefixes, sender: sender)
    }

    /// `provider: name`, or `providers: {name: weight, …}`.
    private func readChoices(_ object: YAMLObject) -> [Route.Choice] {
        guard let several = object["providers"] else {
            let one = object.required("provider", "which provider takes it, or `providers: {name: weight, …}`")
            return one.flatMap { reference(.provider, $0) }.map { [Route.Choice(name: $0, weight: 1)] } ?? []
        }
        object["provider"]?.report("stands beside `providers`", "write one of the two")
        var choices: [Route.Choice] = []
        for (name, place, value) in several.entries() {
            if let known = defined[.provider], !known.contains(name) {
                value.file.report(
                    "there is no provider \(value.quoted(name))", knownWords(name, among: known), at: place, path: value.path)
            } else if let weight = value.integer(in: 0...10_000) {
                choices.append(Route.Choice(name: name, weight: weight))
            }
        }
        if choices.isEmpty { several.report("names no provider", "write `name: weight` for each") }
        return choices
    }

    func readWordLists(_ root: YAMLObject) -> [WordList] {
        definitions(nil, "lists", of: root).compactMap { name, value in
            guard let object = value.object(in: "words.yaml") else { return nil }
            let action = object.required("action", "block, hold or warn")?.word(WordList.Action.self)
            let words = object.required("words", "a list of words")?.texts { $0.line(limit: 100) } ?? []
            let prefixes = object["prefixes"]?.texts { $0.prefix() } ?? []
            let providers = object["providers"]?.texts { reference(.provider, $0) } ?? []
            guard let action else { return nil }
            return WordList(name: name, action: action, words: words, prefixes: prefixes, providers: providers)
        }
    }
}

extension YAMLValue {
    /// `+86` or a mail domain.
    func prefixOrDomain() -> String? {
        guard let text = text(limit: 253) else { return nil }
        if isPrefix(text) || text.wholeMatch(of: /[a-z0-9][a-z0-9\-]*(\.[a-z0-9][a-z0-9\-]*)+/) != nil { return text }
        report("\(quoted(text)) is neither a country prefix nor a mail domain", "write +86 or example.com")
        return nil
    }

    func currency() -> String? {
        guard let text = text() else { return nil }
        if text.wholeMatch(of: /[A-Z]{3}/) != nil { return text }
        report("\(quoted(text)) is not a currency", "write an ISO 4217 code such as EUR")
        return nil
    }
}
