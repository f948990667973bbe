import Testing

@testable import Callbacks

@Suite("phrases of mail servers")
struct MailPhraseTests {
    @Test("every phrase has a source, is there once, and none is hidden by one further up that says something else")
    func table() {
        #expect(MailPhrases.all.count > 200)
        #expect(Set(MailPhrases.all.map(\.text)).count == MailPhrases.all.count)
        for phrase in MailPhrases.all {
            #expect(!phrase.source.isEmpty && phrase.source != phrase.text, "\(phrase.text)")
            #expect(phrase.text.lowercased() == phrase.text, "\(phrase.text)")
            let said = phrase.text.replacing("*", with: " ")
            #expect(MailPhrases.first(in: MailWords.fold("550 \(said) (x)"))?.cause == phrase.cause, "\(phrase.text)")
        }
    }

    @Test(
        "a phrase matches whole words, a star a gap or an open end",
        arguments: [
            ("user unknown", "550 <a@b.test>... User Unknown", true), ("user unknown", "user unknownish", false),
            ("user unknown", "superuser unknown", false), ("throttl*", "Throttling failure", true),
            ("user * unknown", "user <a@b.test> is unknown", true), ("user * unknown", "unknown user", false),
            ("user's quota", "the user\u{2019}s   quota", true), ("spf", "check your SPF record", true),
            ("spf", "id=aspf7", false),
            ("a * b", "a a a b", true),
        ])
    func matching(phrase: String, text: String, expected: Bool) {
        #expect(MailPhrase(.unknown, phrase, "test").matches(MailWords.fold(text)) == expected)
        let far = "user \(String(repeating: "x", count: 100)) unknown"
        #expect(!MailPhrase(.unknown, "user * unknown", "test").matches(MailWords.fold(far)), "a gap has an end")
    }

    @Test("text is folded to single blanks and cut")
    func folding() {
        #expect(MailWords.fold(" A\r\n\tB\u{0}c  ") == Array("a b c ".utf8))
        #expect(MailWords.fold(String(repeating: "é", count: 100_000)).count <= MailWords.longest)
        #expect(MailWords.fold("") == [])
    }

    @Test(
        "a quoted reply is found wherever a report has it",
        arguments: [
            ("550 5.1.1 gone", 550, "5.1.1"), ("550-5.1.1 gone", 550, "5.1.1"), ("550 gone (#5.1.1)", 550, "5.1.1"),
            ("#5.1.1", nil, "5.1.1"), ("5.1.0 - Unknown address error 550-'5.7.1 no' (delivery attempts: 0)", 550, "5.7.1"),
            ("host mx[192.0.2.5] said: 450 4.2.0 later", 450, "4.2.0"), ("550 5.0.0 gone", 550, "5.0.0"),
            ("192.5.1.1 and 5.1.1.2 and mx550 and 5555", nil, nil), ("Exim 4.96, 550 messages, 5.1.1234", 550, nil),
            ("ERROR_CODE :550, ERROR_CODE :5.2.1 x", 550, "5.2.1"), ("", nil, nil), ("600 x 199 y 5.1", nil, nil),
        ] as [(String, Int?, String?)])
    func quoting(text: String, code: Int?, enhanced: String?) {
        let reply = QuotedReply(text)
        #expect(reply.code == code && reply.enhanced?.description == enhanced)
    }

    @Test("causes of the address suppress, all others do not, and blame follows the cause")
    func causes() {
        for cause in MailCause.allCases {
            #expect(!cause.isDead || cause.blame == .recipient)
            #expect(!(cause.isDead && cause.passes))
        }
        #expect(MailCause.allCases.filter(\.isDead) == [.noMailbox, .noDomain, .noMail, .moved])
    }
}
