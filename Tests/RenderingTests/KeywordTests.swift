import Domain
import Rendering
import Testing

@Suite("Keywords of texts from phones")
struct KeywordTests {
    static let german = KeywordPolicy(added: [
        "+49": [.stop: ["Abmelden"], .stopAll: ["ALLES AUS"], .start: ["Anmelden"]], "+4917": [.stop: ["Ruhe"]],
        "": [.stop: ["BASTA"], .stopAll: ["QUIT"]],
    ])

    @Test(
        "the whole text is a keyword, whatever its case, width, hidden characters, and what stands around it",
        arguments: [
            ("STOP", KeywordAction.stop), ("stop", .stop), ("  Stop\r\n", .stop), ("ＳＴＯＰ", .stop), ("　ｓｔｏｐ　", .stop),
            ("S\u{200B}TO\u{FEFF}P\u{200D}", .stop), ("STOP.", .stop), ("„Stop!“", .stop), ("- stop -", .stop), ("(STOP)", .stop),
            ("STOP！", .stop), ("STOP\u{0}", .stop), ("退订", .stop), ("【退订】", .stop), ("拒收。", .stop), ("td", .stop), ("ＴＤ", .stop),
            ("t", .stop), ("R", .stop), ("n", .stop), ("Unsubscribe", .stop), ("CANCEL", .stop), ("end", .stop), ("Quit", .stop),
            ("REVOKE", .stop), ("optout", .stop), ("opt-out", .stop), ("Opt Out", .stop), ("STOPALL", .stopAll),
            ("stop all", .stopAll),
            ("退訂", .stop), (" 退 订 。", .stop), ("退　订", .stop), ("STOP 🛑", .stop), ("🛑🛑 stop", .stop), ("~stop~", .stop),
            ("`STOP`", .stop),
            ("+STOP+", .stop), ("STOP ❤️", .stop), ("<stop>", .stop), ("STOP\u{20E3}", .stop),
            ("START", .start), ("start.", .start), ("UnStop", .start), ("恢复", .start),
        ])
    func isKeyword(_ text: String, _ action: KeywordAction) {
        #expect(KeywordMatcher(KeywordPolicy()).action(text, from: "+490000000001") == action)
    }

    @Test(
        "a keyword within a sentence, a question, and whatever else people write is none",
        arguments: [
            "", " ", "...", "Please stop", "STOP IT", "don't stop", "STOP STOP", "STOP?", "start？", "S T O P", "ST", "STOPP",
            "请退订",
            "退订吗", "TDR", "STOP?🛑", "🛑?STOP", "S🛑TOP", "退 订 吗", "👍", "YES", "no", "HELP", "1", "🛑", "ok T", "Abmelden", "restart",
            "\u{200B}",
            String(repeating: " ", count: 400) + "STOP",
        ])
    func isNone(_ text: String) {
        #expect(KeywordMatcher(KeywordPolicy()).action(text, from: "+490000000001") == nil)
    }

    @Test("a policy adds words by the phone's country, or for all; who may mean two things opts out, of more rather than less")
    func added() {
        let matcher = KeywordMatcher(Self.german)
        let phone = "+4917000000"
        let words = ["abmelden", "ＡＢＭＥＬＤＥＮ!", "alles aus", "anmelden", "ruhe", "basta", "STOP", "quit"]
        #expect(words.map { matcher.action($0, from: phone) } == [.stop, .stop, .stopAll, .start, .stop, .stop, .stop, .stopAll])
        #expect(
            words.map { matcher.action($0, from: "+4930000000") } == [
                .stop, .stop, .stopAll, .start, nil, .stop, .stop, .stopAll,
            ])
        #expect(words.map { matcher.action($0, from: "+4400000000") } == [nil, nil, nil, nil, nil, .stop, .stop, .stopAll])
        let both = KeywordMatcher(KeywordPolicy(added: ["+49": [.start: ["STOP"]], "": [.start: ["...", "JA"]]]))
        #expect(["stop", "ja", "..", "!"].map { both.action($0, from: phone) } == [.stop, .start, nil, nil])
    }
}
