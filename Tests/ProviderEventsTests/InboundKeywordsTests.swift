import Domain
import ProviderEvents
import Testing
import Transports

@testable import Callbacks
@testable import Pipeline

@Suite("What a text from a phone asks for, and for whom")
struct InboundKeywordsTests {
    static func text(_ body: String?, from: String = "+490000000001", to: String = "1234", part: InboundText.Part? = nil)
        -> InboundText
    {
        InboundText(
            provider: "carrier", from: from, to: to, text: body, dataCoding: 0, octets: Array((body ?? "").utf8), part: part)
    }

    static func keywords(scope: String = "marketing") -> InboundKeywords {
        let senders = [
            Sender(key: "uk", smsPools: ["": ["Shop"]], timeZone: "Etc/UTC", defaultCountry: "+44", defaultLocale: "en"),
            Sender(key: "cn", smsPools: ["": ["10690000"]], timeZone: "Etc/UTC", defaultCountry: "+86", defaultLocale: "en"),
            Sender(key: "us", smsPools: ["": ["+15550100"]], timeZone: "Etc/UTC", defaultCountry: "+1", defaultLocale: "en"),
            Sender(key: "de", smsPools: ["+49": ["1069"]], timeZone: "Etc/UTC", defaultLocale: "en"),
        ]
        return InboundKeywords(
            Policy(
                classes: [:], caps: [], senders: Dictionary(uniqueKeysWithValues: senders.map { ($0.key, $0) }),
                defaultSender: "uk",
                providers: [:], routes: [], prices: [], wordLists: [], keywords: KeywordPolicy(scope: scope)))
    }

    @Test(
        "the phone is what messages to it have, however the carrier writes it",
        arguments: [
            ("+490000000001", "1234", "+490000000001"), ("490000000001", "1234", "+490000000001"),
            ("00490000000001", "1234", "+490000000001"), ("07700900001", "Shop", "+447700900001"),
            // Of the sender that was written to, whose number the carrier may lengthen; the longest that fits.
            ("0300000001", "106955", "+49300000001"), ("13800138000", "1069000077", "+8613800138000"),
            ("8613800138000", "10690000", "+8613800138000"), ("13800138000", "1069", "+13800138000"),
            ("2125550123", "15550100", "+12125550123"), ("12125550123", "+15550100", "+12125550123"),
            ("447700900001", "10690000", "+447700900001"),
        ])
    func addresses(from: String, to: String, address: String) {
        #expect(Self.keywords().decision(Self.text("STOP", from: from, to: to))?.address == address)
    }

    @Test(
        "what comes from no phone asks for nothing",
        arguments: [
            "", "+", "Bank", "12345", "+49 30 1234567", "+0490000001", "٤٩٠٠٠٠٠٠٠٠٠١", "1234567890123456", "000490000001",
        ])
    func noPhone(from: String) {
        #expect(Self.keywords().decision(Self.text("STOP", from: from)) == nil)
    }

    @Test("STOP stops what the policy says, STOPALL everything but codes and never less than STOP, START lifts")
    func scopes() {
        func scopes(_ scope: String) -> [String?] {
            ["stop", "STOPALL", "start"].map { Self.keywords(scope: scope).decision(Self.text($0))?.scope }
        }
        #expect(scopes("marketing") == ["marketing", "all_except_otp", nil])
        #expect(scopes("all_except_otp") == ["all_except_otp", "all_except_otp", nil])
        #expect(scopes("all") == ["all", "all", nil])
        let start = Self.keywords().decision(Self.text("Start"))
        #expect(start == .init(address: "+490000000001", action: .start, scope: nil, word: "Start"))
    }

    @Test(
        "octets that can be read in several ways opt out if they do in one; they undo nothing, and a letter or two are too few to tell"
    )
    func readings() {
        func decision(_ text: String?, _ others: [String]) -> InboundKeywords.Decision? {
            var inbound = Self.text(text)
            inbound.otherReadings = others
            return Self.keywords().decision(inbound)
        }
        #expect(decision("協佐", ["x", "STOP"])?.action == .stop && decision("協佐", ["x", "STOP"])?.reading == "STOP")
        #expect(decision(nil, ["退订"])?.scope == "marketing" && decision(nil, ["退订"])?.word == "退订")
        #expect(decision("一", ["N"]) == nil && decision("呄", ["TD"]) == nil && decision("x", ["START"]) == nil)
        #expect(decision("STOPALL", ["STOP"])?.action == .stopAll && decision("START", ["x"])?.action == .start)
    }

    @Test(
        "what a button carries, and what the provider takes a text for, count as if they were written; who may mean two things opts out"
    )
    func wordsAndFlags() {
        func decision(_ text: String?, _ words: [String] = [], _ flag: KeywordAction? = nil) -> InboundKeywords.Decision? {
            var inbound = Self.text(text)
            inbound.words = words
            inbound.flag = flag
            return Self.keywords().decision(inbound)
        }
        #expect(decision("No more of this", ["STOP"])?.action == .stop && decision("No more of this", ["STOP"])?.reading == nil)
        #expect(decision("BASTA", [], .stop)?.action == .stop && decision(nil, [], .stop)?.action == .stop)
        #expect(decision("EMPEZAR", [], .start)?.action == .start && decision("START", [], .stop)?.action == .stop)
        #expect(decision("STOP", [], .start)?.action == .stop && decision("hi", ["x"]) == nil)
        let flagged = Self.text("N")
        #expect(Self.keywords().isFirm(flagged, .init(address: "", action: .stop, scope: "marketing", word: "N")) == false)
        #expect(
            Self.keywords().isFirm(flagged, .init(address: "", action: .stop, scope: "marketing", word: "N", isFlagged: true)))
    }

    @Test("a part of a long text, and a text that cannot be read, is no keyword; a long text of one part is a text")
    func parts() {
        let keywords = Self.keywords()
        #expect(keywords.decision(Self.text("STOP", part: .init(reference: 1, total: 2, number: 2))) == nil)
        #expect(keywords.decision(Self.text("STOP", part: .init(reference: 1, total: 1, number: 1))) != nil)
        #expect(keywords.decision(Self.text(nil)) == nil)
        #expect(keywords.decision(Self.text("Please stop")) == nil)
    }
}
