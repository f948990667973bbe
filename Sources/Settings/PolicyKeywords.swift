import Domain

extension PolicyReading {
    func readKeywords(_ root: YAMLObject) -> KeywordPolicy {
        var policy = KeywordPolicy()
        if let scope = root["scope"] {
            let whole = ["all", "all_except_otp"]
            let name = scope.text().flatMap { whole.contains($0) ? $0 : reference(.messageClass, scope) }
            policy.scope = name ?? policy.scope
        }
        policy.added = readByPrefix(root["words"]) { value in
            guard let object = value.object(in: "keywords.yaml") else { return nil }
            var words: [KeywordAction: [String]] = [:]
            for action in KeywordAction.allCases {
                words[action] = object[action.rawValue]?.texts(limit: 100) { $0.line(limit: 40) } ?? []
            }
            reportContradictions(words, in: object)
            return words
        }
        return policy
    }

    /// A word that stops stops: that it should start as well is a mistake.
    private func reportContradictions(_ words: [KeywordAction: [String]], in object: YAMLObject) {
        var stops: Set<String> = []
        for action in [KeywordAction.stop, .stopAll] {
            for word in (KeywordPolicy.everywhere[action] ?? []) + (words[action] ?? []) { stops.insert(word.lowercased()) }
        }
        for word in words[.start] ?? [] where stops.contains(word.lowercased()) {
            object["start"]?.report("`\(word)` is a word that stops", "choose another word")
        }
    }
}
