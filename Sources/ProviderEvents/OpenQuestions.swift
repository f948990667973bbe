import Callbacks
import Domain
import Rendering
import Store

/// What was asked of those who wrote, and whether their texts are answers. A value: no I/O.
struct OpenQuestions: Sendable {
    struct Answer: Sendable, Equatable {
        var messageID: MessageID
        /// The answer's name.
        var name: String
        /// It says yes to a question about consent.
        var confirms: Bool
    }
    private struct Place: Hashable {
        var address: String
        var channel: Channel
    }
    /// Newest first.
    private var surveys: [Place: [(survey: FindSurveys.Found, matcher: AnswerMatcher)]] = [:]

    init() {}

    init(_ found: [FindSurveys.Found]) {
        for survey in found {
            surveys[Place(address: survey.address, channel: survey.channel), default: []].append(
                (survey, AnswerMatcher(survey.answers)))
        }
    }

    var isEmpty: Bool { surveys.isEmpty }

    /// nil: it answers nothing that was asked. Of several questions that know the word, one that was asked by the number that the text was
    /// written to comes first, then the newest.
    func answer(_ text: InboundText, address: String, channel: Channel) -> Answer? {
        guard let body = text.text, (text.part?.total ?? 1) == 1, let open = surveys[Place(address: address, channel: channel)]
        else { return nil }
        let known = open.compactMap { survey, matcher in matcher.answer(body).map { (survey, $0) } }
        let number = Self.digits(text.to)
        let ours = number.isEmpty ? nil : known.first { Self.digits($0.0.sender) == number }
        guard let (survey, name) = ours ?? known.first else { return nil }
        return Answer(messageID: survey.messageID, name: name, confirms: survey.confirms && name == Survey.yes)
    }

    /// Of a number; a name has none.
    private static func digits(_ text: String) -> String {
        let bare = text.hasPrefix("+") ? text.dropFirst() : text[...]
        return bare.utf8.allSatisfy { (0x30...0x39).contains($0) } ? String(bare) : ""
    }
}
