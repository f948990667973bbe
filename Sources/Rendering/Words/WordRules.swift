import Domain

/// The word lists of a policy, ready to be applied to texts.
struct WordRules: Sendable {
    private let lists: [WordList]
    private let matcher: WordMatcher

    init(_ lists: [WordList]) {
        self.lists = lists
        self.matcher = WordMatcher(lists.map(\.words))
    }

    var isEmpty: Bool { matcher.isEmpty }

    /// Throws on the first word that blocks, else on the first that holds; returns one warning per list that only warns.
    ///
    /// - Parameter approved: a human has read the text: what would be held only warns.
    /// - Parameter provider: nil when it is not known yet: then lists for any provider apply, so that nothing slips through.
    func check(
        _ texts: [String], address: String, provider: String?, naming: Bool, approved: Bool = false
    ) throws(RenderError) -> [RenderWarning] {
        var first: [Int: Int] = [:]
        for text in texts {
            matcher.scan(text) { hit in
                if first[hit.list] == nil { first[hit.list] = hit.word }
            }
        }
        if first.isEmpty { return [] }
        var held: RenderError?
        var warnings: [RenderWarning] = []
        for (index, list) in lists.enumerated() {
            guard let word = first[index], applies(list, address, provider) else { continue }
            let named = naming ? list.words[word] : nil
            switch list.action {
            case .block: throw .blockedWord(list: list.name, word: named)
            case .hold where approved: warnings.append(.word(list: list.name, word: named))
            case .hold: held = held ?? .heldWord(list: list.name, word: named)
            case .warn: warnings.append(.word(list: list.name, word: named))
            }
        }
        if let held { throw held }
        return warnings
    }

    private func applies(_ list: WordList, _ address: String, _ provider: String?) -> Bool {
        (list.prefixes.isEmpty || list.prefixes.contains { Prefix.matches($0, address) })
            && (list.providers.isEmpty || provider.map(list.providers.contains) ?? true)
    }
}
