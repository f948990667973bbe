import Domain
import Store
import Testing
import Transports

@testable import Callbacks
@testable import ProviderEvents

@Suite("Which question a text answers")
struct OpenQuestionsTests {
    private static let phone = "+447700900001"

    private static func asked(_ id: Int64, _ words: [String], by sender: String = "Shop", confirms: Bool = false)
        -> FindSurveys.Found
    {
        FindSurveys.Found(
            messageID: MessageID(id), address: phone, channel: .sms, sender: sender, confirms: confirms,
            answers: Dictionary(words.map { ($0.lowercased(), [$0]) }) { $1 })
    }

    private static func text(_ body: String?, to: String = "447700900999", part: InboundText.Part? = nil) -> InboundText {
        InboundText(provider: "p", from: phone, to: to, text: body, dataCoding: 0, octets: [], part: part)
    }

    private static func answer(_ body: String?, to: String = "447700900999", _ found: [FindSurveys.Found]) -> OpenQuestions
        .Answer?
    {
        OpenQuestions(found).answer(text(body, to: to), address: phone, channel: .sms)
    }

    @Test("the newest that knows the word; one asked by the number that was written to comes first")
    func newest() {
        let found = [Self.asked(3, ["1", "2"]), Self.asked(2, ["YES", "NO"]), Self.asked(1, ["YES"], by: "+447700900111")]
        #expect(Self.answer("2", found)?.messageID == MessageID(3))
        #expect(Self.answer("yes", found)?.messageID == MessageID(2))
        #expect(Self.answer("yes", to: "+447700900111", found)?.messageID == MessageID(1))
        // A carrier may give a number that no sender has.
        #expect(Self.answer("yes", to: "12345", found)?.messageID == MessageID(2))
        #expect(Self.answer("NO", to: "447700900111", found)?.messageID == MessageID(2))
        #expect(Self.answer("maybe", found) == nil && Self.answer("yes", []) == nil)
    }

    @Test("only the answer yes to a question about consent confirms")
    func confirms() {
        let found = [Self.asked(1, ["YES", "NO"], confirms: true)]
        #expect(Self.answer("yes", found)?.confirms == true && Self.answer("no", found)?.confirms == false)
        #expect(Self.answer("yes", [Self.asked(1, ["YES"])])?.confirms == false)
    }

    @Test("another phone, another channel, a part of a long text and what cannot be read answer nothing")
    func others() {
        let questions = OpenQuestions([Self.asked(1, ["YES"])])
        #expect(questions.answer(Self.text("yes"), address: "+447700900002", channel: .sms) == nil)
        #expect(questions.answer(Self.text("yes"), address: Self.phone, channel: Channel(rawValue: "whatsapp")) == nil)
        let part = InboundText.Part(reference: 1, total: 2, number: 1)
        #expect(questions.answer(Self.text("yes", part: part), address: Self.phone, channel: .sms) == nil)
        #expect(questions.answer(Self.text(nil), address: Self.phone, channel: .sms) == nil)
        #expect(questions.answer(Self.text("yes"), address: Self.phone, channel: .sms) != nil)
    }
}
