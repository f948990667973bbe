import Domain
import Yams

extension YAMLObject {
    static let surveyKeys = ["answers", "answer_within", "confirms"]

    /// What the front matter of a template asks; nil: nothing.
    func survey(on channel: Channel) -> Survey? {
        let answers = self["answers"]?.answers()
        let within = self["answer_within"]?.duration(in: .seconds(60)...Duration.seconds(30 * 86_400))
        let confirms = self["confirms"]?.name()
        guard answers != nil || confirms != nil else {
            self["answer_within"]?.report("needs answers or confirms", "list the answers, or leave it out")
            return nil
        }
        var survey = Survey(answers: answers ?? [:], within: within ?? Survey.standardWithin, confirms: confirms)
        guard confirms != nil else { return survey }
        if answers == nil, channel != .email { survey.answers = [Survey.yes: ["YES", "Y"], "no": ["NO", "N"]] }
        if let answers, answers[Survey.yes] == nil {
            self["answers"]?.report("has no answer `yes`, which is what confirms", "write answers: {yes: [YES, Y], no: [NO]}")
        }
        return survey
    }
}

extension YAMLValue {
    /// `[YES, NO]`: each word is an answer of its own; or `{yes: [YES, Y, 是], no: [NO]}`.
    fileprivate func answers() -> [String: [String]] {
        var answers: [String: [String]] = [:]
        var seen: [String: String] = [:]
        func add(_ word: YAMLValue, to name: String) -> String? {
            guard let text = word.answerWord() else { return nil }
            if let other = seen.updateValue(name, forKey: text.uppercased()) {
                word.report("\(quoted(text)) answers \(other) already", "keep one")
                return nil
            }
            return text
        }
        if case .sequence = node {
            for item in items() {
                guard let name = item.text(limit: 40)?.lowercased(), let word = add(item, to: name) else { continue }
                answers[name] = [word]
            }
        } else {
            for (name, place, value) in entries() {
                guard isName(name) else {
                    value.file.report("\(value.quoted(name)) is not a name", nameRule, at: place, path: value.path)
                    continue
                }
                answers[name] = value.texts(limit: 100) { add($0, to: name) }
                if value.isEmptyList { value.report("is empty", "list the words that give this answer") }
            }
        }
        if answers.count > 50 { report("has \(answers.count) answers", "keep it within 50") }
        if answers.isEmpty { report("lists no answer", "write answers: [YES, NO]") }
        return answers
    }

    /// Who says STOP stops: only words of one or two Latin letters, which opt out as well, may be answers.
    private func answerWord() -> String? {
        guard let text = line(limit: 40) else { return nil }
        let stops = (KeywordPolicy.everywhere[.stop] ?? []) + (KeywordPolicy.everywhere[.stopAll] ?? [])
        if stops.contains(text.uppercased()), !KeywordPolicy.mayAnswer(text) {
            report("\(quoted(text)) opts out, whatever was asked", "choose another word")
            return nil
        }
        if !text.contains(where: { $0.isLetter || $0.isNumber }) {
            report("\(quoted(text)) has no letter or digit", "people's punctuation does not count; write a word")
            return nil
        }
        return text
    }
}
