import Domain
import Text

/// Whether a text from a phone is a keyword: the whole text, without case and width, without characters that do not show, without space,
/// punctuation, symbols and emoji around it, and without blanks between ideographs. A keyword within a sentence is none, and neither is a question (`STOP?`).
public struct KeywordMatcher: Sendable {
    /// No keyword has more UTF-8 than this, with whatever stands around it.
    static let longest = 400

    private let everywhere: [[UInt32]: KeywordAction]
    private let byCountry: [(prefix: String, words: [[UInt32]: KeywordAction])]

    public init(_ policy: KeywordPolicy) {
        var common = Self.table(KeywordPolicy.everywhere)
        common.merge(Self.table(policy.added[""] ?? [:]), uniquingKeysWith: Self.stronger)
        everywhere = common
        byCountry = policy.added.filter { !$0.key.isEmpty }.map { ($0.key, Self.table($0.value)) }
    }

    /// What `text` asks for; nil: it is no keyword.
    /// - Parameter phone: whose it is, E.164: its country's words count beside those that count everywhere.
    public func action(_ text: String, from phone: String) -> KeywordAction? {
        guard text.utf8.count <= Self.longest else { return nil }
        let word = Self.trimmed(Folding.fold(text))
        return action(word, phone) ?? action(Self.bare(word), phone)
    }

    private func action(_ word: [UInt32], _ phone: String) -> KeywordAction? {
        guard !word.isEmpty else { return nil }
        var found = everywhere[word]
        for country in byCountry where phone.hasPrefix(country.prefix) {
            guard let action = country.words[word] else { continue }
            found = found.map { Self.stronger($0, action) } ?? action
        }
        return found
    }

    /// Whether an open survey may take the text for an answer although it stops: one or two Latin letters.
    public func mayAnswer(_ text: String) -> Bool {
        guard text.utf8.count <= Self.longest else { return false }
        let word = Self.trimmed(Folding.fold(text))
        return KeywordPolicy.mayAnswer(String(String.UnicodeScalarView(word.compactMap(Unicode.Scalar.init))))
    }

    private static func table(_ words: [KeywordAction: [String]]) -> [[UInt32]: KeywordAction] {
        var table: [[UInt32]: KeywordAction] = [:]
        for (action, words) in words {
            for word in words { table.merge([trimmed(Folding.fold(word)): action], uniquingKeysWith: stronger) }
        }
        table[[]] = nil
        return table
    }

    private static func stronger(_ left: KeywordAction, _ right: KeywordAction) -> KeywordAction {
        KeywordAction.strongest([left, right]) ?? .start
    }

    static func trimmed(_ folded: [UInt32]) -> [UInt32] {
        guard let first = folded.firstIndex(where: { !isAround($0) }), let last = folded.lastIndex(where: { !isAround($0) })
        else { return [] }
        return Array(folded[first...last])
    }

    /// Also without symbols and emoji around it (`STOP 🛑`, `~stop~`), and without blanks between ideographs, which need none.
    static func bare(_ word: [UInt32]) -> [UInt32] {
        func isAround(_ code: UInt32) -> Bool {
            guard let scalar = Unicode.Scalar(code), scalar != "?" else { return false }
            switch scalar.properties.generalCategory {
            case .mathSymbol, .currencySymbol, .modifierSymbol, .otherSymbol, .nonspacingMark, .enclosingMark: return true
            default: return Self.isAround(code)
            }
        }
        guard let first = word.firstIndex(where: { !isAround($0) }), let last = word.lastIndex(where: { !isAround($0) }) else {
            return []
        }
        let inner = word[first...last]
        let dense = inner.filter { $0 != 0x20 && $0 != 0x3000 }
        return dense.allSatisfy { Unicode.Scalar($0)?.properties.isIdeographic ?? false } ? Array(dense) : Array(inner)
    }

    /// Space, line breaks, control characters, and punctuation except the question mark.
    private static func isAround(_ code: UInt32) -> Bool {
        guard let scalar = Unicode.Scalar(code), scalar != "?" else { return false }
        switch scalar.properties.generalCategory {
        case .spaceSeparator, .lineSeparator, .paragraphSeparator, .control, .connectorPunctuation, .dashPunctuation,
            .openPunctuation, .closePunctuation, .initialPunctuation, .finalPunctuation, .otherPunctuation:
            return true
        default: return false
        }
    }
}
