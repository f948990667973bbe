import Domain

extension PolicyReading {
    func readRoutes(_ root: YAMLObject, providers: [String: ProviderPolicy]) -> [Route] {
        var routes: [Route] = []
        for value in root.required("routes", "write `routes:` and one `- provider: name` per route")?.items() ?? [] {
            guard let object = value.object(in: "routes.yaml"),
                let route = readRoute(object)
            else { continue }
            if routes.contains(route) { value.report("is there twice", "keep one") }
            if let channel = route.channel, let provider = providers[route.provider], !provider.channels.contains(channel) {
                object["channel"]?.report(
                    "provider \(route.provider) does not carry \(channel)",
                    "its channels: \(provider.channels.map(\.rawValue).joined(separator: ", "))")
            }
            routes.append(route)
        }
        return routes
    }

    private func readRoute(_ object: YAMLObject) -> Route? {
        let provider = object.required("provider", "which provider takes it").flatMap { reference(.provider, $0) }
        let channel = object["channel"]?.name().map { Channel(rawValue: $0) }
        let classes = object["classes"]?.texts { reference(.messageClass, $0) } ?? []
        let prefixes = object["prefixes"]?.texts { $0.prefixOrDomain() } ?? []
        let sender = object["sender"].flatMap { reference(.sender, $0) }
        guard let provider else { return nil }
        return Route(provider: provider, channel: channel, classes: classes, prefixes: prefixes, sender: sender)
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
