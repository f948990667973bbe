import Domain
import Text

/// Which answer of a survey a text gives: the whole text, compared as keywords are (without case and width, without what does not show, without
/// space and punctuation around it; a question is no answer).
public struct AnswerMatcher: Sendable {
    private let names: [[UInt32]: String]

    /// - Parameter answers: name of an answer: the words that give it. A word of two answers is the first one's, by name.
    public init(_ answers: [String: [String]]) {
        var names: [[UInt32]: String] = [:]
        for (name, words) in answers.sorted(by: { $0.key < $1.key }) {
            for word in words { names.merge([KeywordMatcher.trimmed(Folding.fold(word)): name]) { first, _ in first } }
        }
        names[[]] = nil
        self.names = names
    }

    /// nil: it is none of the answers.
    public func answer(_ text: String) -> String? {
        guard text.utf8.count <= KeywordMatcher.longest else { return nil }
        return names[KeywordMatcher.trimmed(Folding.fold(text))]
    }
}
