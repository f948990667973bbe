import Domain
import Testing
import Text

@testable import Rendering

@Suite("Words on lists do not pass unnoticed")
struct WordListTests {
    private func listed(_ action: WordList.Action, _ words: [String], prefixes: [String] = [], providers: [String] = []) -> Policy
    {
        policy(wordLists: [WordList(name: "list", action: action, words: words, prefixes: prefixes, providers: providers)])
    }

    @Test(
        "a word is found whatever its case, width and compatibility form, and through what does not show",
        arguments: [
            ("casino", "Win at the CASINO now"), ("CASINO", "casino"), ("赌博", "网上赌博平台"), ("赌博", "赌\u{200B}博"),
            ("赌博", "赌\u{200D}\u{FEFF}博"),
            ("casino", "ｃａｓｉｎｏ"), ("casino", "ca\u{AD}si\u{2060}no"), ("casino", "𝓬𝓪𝓼𝓲𝓷𝓸"), ("straße", "STRASSE"),
            ("café", "CAFE\u{301}"),
            ("ﬁx", "FIX"), ("㈱", "(株)"), ("σος", "ΣΟΣ"), ("a b", "A\u{3000}B"), ("he", "ushers"), ("hers", "ushers"),
            ("she", "ushers"),
            ("赌\u{200B}博", "赌博"), ("ab", "aab"), ("aab", "aaab"),
        ])
    func found(_ word: String, _ body: String) {
        #expect(throws: RenderError.blockedWord(list: "list", word: word)) { try sms(body, listed(.block, [word])) }
    }

    @Test("other texts pass", arguments: ["casin o", "赌，博", "cas1no", "", "sino ca", "casino\u{301}"])
    func notFound(_ body: String) throws {
        #expect(try sms(body, listed(.block, ["casino", "赌博", "", "\u{200B}"])).warnings == [])
    }

    @Test("words are looked for in the values, the signature, the subject and the html")
    func everywhere() throws {
        #expect(
            code { () throws(RenderError) in _ = try sms("{{x}}", listed(.block, ["bad"]), #"{"x": "B\u0061D"}"#) }
                == "blocked_word")
        let renderer = Renderer(listed(.block, ["bad"]))
        for (subject, body, html) in [("bad", "b", "h"), ("s", "bad", "h"), ("s", "b", "bad")] {
            let template = try parsed(.email, body, subject: subject, html: html)
            #expect(
                code { () throws(RenderError) in _ = try renderer.render(message(.email), template: template) } == "blocked_word")
        }
        #expect(
            code { () throws(RenderError) in _ = try renderer.render(message(chat), template: parsed(chat, "bad")) }
                == "blocked_word")
    }

    @Test("block beats hold beats warn, and every list that warns is told once")
    func precedence() throws {
        let lists = [
            WordList(name: "w", action: .warn, words: ["tea", "leaf"]), WordList(name: "h", action: .hold, words: ["hold"]),
            WordList(name: "b", action: .block, words: ["block"]), WordList(name: "v", action: .warn, words: ["tea"]),
        ]
        let policy = policy(wordLists: lists)
        #expect(throws: RenderError.blockedWord(list: "b", word: "block")) { try sms("tea hold block", policy) }
        #expect(throws: RenderError.heldWord(list: "h", word: "hold")) { try sms("tea hold", policy) }
        #expect(try sms("leaf tea tea", policy).warnings == [.word(list: "w", word: "leaf"), .word(list: "v", word: "tea")])
    }

    @Test("a list counts only for its prefixes and providers; an unknown provider could be any")
    func restricted() throws {
        let chinese = listed(.block, ["bad"], prefixes: ["+86", "+852"])
        #expect(try sms("bad", chinese, to: "+447700900123").warnings == [])
        #expect(code { () throws(RenderError) in _ = try sms("bad", chinese, to: "+8613800138000") } == "blocked_word")
        let carrier = listed(.block, ["bad"], providers: ["carrier"])
        #expect(try sms("bad", carrier, provider: "other").warnings == [])
        #expect(code { () throws(RenderError) in _ = try sms("bad", carrier, provider: "carrier") } == "blocked_word")
        #expect(code { () throws(RenderError) in _ = try sms("bad", carrier) } == "blocked_word")
    }

    @Test("the word is not named for a class that erases bodies")
    func erased() {
        var policy = listed(.block, ["918273"])
        policy.classes["notification"]?.erasesBody = true
        #expect(throws: RenderError.blockedWord(list: "list", word: nil)) { try sms("code 918273", policy) }
    }

    @Test("four thousand words find what a search for each finds")
    func many() throws {
        var generator = Seeded(state: 7)
        let letters = ["a", "b", "c", "赌", "博"]
        func random(_ length: ClosedRange<Int>) -> String {
            (0..<Int.random(in: length, using: &generator)).map { _ in letters.randomElement(using: &generator) ?? "a" }.joined()
        }
        let words = Set((0..<4_000).map { _ in random(6...8) }).sorted()
        let renderer = Renderer(policy(wordLists: [WordList(name: "l", action: .block, words: words)]))
        var hits = 0
        for _ in 0..<60 {
            let body = random(1...14)
            let expected = words.contains { body.contains($0) }
            let template = try parsed(.sms, body)
            #expect(
                (code { () throws(RenderError) in _ = try renderer.render(message(.sms), template: template) } != nil) == expected
            )
            hits += expected ? 1 : 0
        }
        #expect(hits > 0 && hits < 60)
    }

    @Test("the short cut of folding says what the full way says, for every character")
    func shortCut() {
        for value in UInt32(1)...0x10FFFF {
            guard let scalar = Unicode.Scalar(value), Folding.simple(value) != Folding.unknown else { continue }
            let text = String(scalar)
            if Folding.fold(text) != Folding.full(text) { Issue.record("U+\(String(value, radix: 16))") }
        }
        #expect(Folding.simple(0x597D) == 0x597D)
        #expect(Folding.simple(0x301) == Folding.unknown)
    }

    @Test("and for 20,000 random texts of characters that compose, vanish and fall apart")
    func shortCutInTexts() {
        var generator = Seeded(state: 11)
        let alphabet = Array(
            "aÅéßﬁ…½Σς好赌カハｶは한하각グ😀İıǅ①㈱Ⅳ<=\u{AD}\u{200B}\u{200D}\u{FE0F}\u{FEFF}\u{3260}\u{314F}\u{A8}\u{95C}".unicodeScalars)
        let marks = Array(
            "\u{301}\u{308}\u{323}\u{338}\u{345}\u{3099}\u{309A}\u{FF9E}\u{1100}\u{1161}\u{11A8}\u{93C}\u{20E3}".unicodeScalars)
        for _ in 0..<20_000 {
            var text = String.UnicodeScalarView()
            for _ in 0..<Int.random(in: 1...8, using: &generator) {
                let from = Int.random(in: 0..<3, using: &generator) == 0 ? marks : alphabet
                text.append(from.randomElement(using: &generator) ?? "a")
            }
            if Folding.fold(String(text)) != Folding.full(String(text)) {
                Issue.record("\(text.map { String($0.value, radix: 16) })")
            }
        }
    }
}
