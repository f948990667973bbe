import Domain
import Rendering
import Testing

@Suite("Answers to surveys")
struct AnswerTests {
    private let matcher = AnswerMatcher([
        "yes": ["YES", "Y", "Ja", "是"], "no": ["NO", "N", "Nein", "否"], "odd": ["yes", "..."],
    ])

    @Test(
        "the whole text is an answer, whatever its case, width, hidden characters, and what stands around it",
        arguments: [
            ("YES", "odd"), ("y", "yes"), (" Ｙ. ", "yes"), ("JA!", "yes"), ("„是“", "yes"), ("n", "no"), ("ne\u{200B}in", "no"),
            ("(否)", "no"),
        ])
    func answers(text: String, name: String) { #expect(matcher.answer(text) == name) }

    @Test(
        "a sentence, a question and nothing at all are none",
        arguments: ["", "...", "yes please", "no?", "是的", "Y N", String(repeating: " ", count: 401) + "Y"])
    func none(text: String) { #expect(matcher.answer(text) == nil) }

    @Test("of the words that stop only one or two Latin letters may be answers")
    func mayAnswer() {
        let keywords = KeywordMatcher(KeywordPolicy())
        for word in ["N", " n. ", "ｔ", "TD", "r"] { #expect(keywords.mayAnswer(word), "\(word)") }
        for word in ["STOP", "退订", "END", "stop all", "", "1", "2n", "退"] { #expect(!keywords.mayAnswer(word), "\(word)") }
    }
}
