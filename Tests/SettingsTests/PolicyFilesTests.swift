import Domain
import Foundation
import Settings
import Testing

/// The shipped policy with some files replaced (nil: left out).
func shipped(_ changes: [String: String?] = [:]) throws -> [String: String] {
    let root = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent().deletingLastPathComponent()
    var texts = try PolicyFiles.read(directory: root.appending(path: "Config/policy").path(percentEncoded: false))
    for (name, text) in changes { texts[name] = text }
    return texts
}

/// One shipped file with a piece of its text replaced, and what is then wrong with the policy.
func problems(_ file: String, _ piece: String, _ replacement: String) throws -> [ConfigProblem] {
    let text = try #require(try shipped()[file])
    try #require(text.contains(piece), "\(file) has no \(piece)")
    var changed = text
    if let range = text.range(of: piece) { changed.replaceSubrange(range, with: replacement) }
    return try problems(of: shipped([file: changed]))
}

func problems(of texts: [String: String]) -> [ConfigProblem] {
    do throws(ConfigErrors) {
        _ = try PolicyFiles.parse(texts)
        return []
    } catch {
        return error.problems
    }
}

@Suite("Policy files")
struct PolicyFilesTests {
    @Test("links.yaml may be missing; a class that tracks finds its addresses there, and every mistake is named")
    func links() throws {
        #expect(try PolicyFiles.parse(shipped()).links == nil)
        #expect(try PolicyFiles.parse(shipped()).classes.values.allSatisfy { $0.tracking == nil })
        var texts = try shipped(["links.yaml": "links: {click_url: 'https://s.example/c', secret_file: /run/links}"])
        texts["classes.yaml"] = texts["classes.yaml"]?.replacing(
            "accept_within: 4h", with: "track_clicks: true\n    links_expire: 7d")
        let policy = try PolicyFiles.parse(texts)
        #expect(policy.links == LinkPlaces(clickURL: "https://s.example/c", secretFile: "/run/links"))
        #expect(policy.classes["marketing"]?.tracking == LinkTracking(clicks: true, opens: false, expire: .seconds(7 * 86_400)))
        for (text, report) in [
            ("links: {click_url: 'https://s.example/c'}", "links: secret_file is missing"),
            ("links: {secret_file: /x}", "links: has neither click_url nor open_url"),
            (
                "links: {click_url: 'http://s.example/c', secret_file: /x}",
                "links.click_url: `http://s.example/c` cannot stand in front"
            ),
            ("links: {click_url: 'https://s.example/c/', secret_file: /x}", "without a slash at the end"),
            ("links: {click_url: 'https://s.example/c?t=', secret_file: /x}", "cannot stand in front of a token"),
            ("links: {click_url: 'https://u@s.example', secret_file: /x}", "cannot stand in front of a token"),
            ("links: {click_url: 'https://\(String(repeating: "a", count: 60))', secret_file: /x}", "keep it within 60"),
            ("links: {click_ulr: 'https://s.example', secret_file: /x}", "unknown key; did you mean click_url?"),
            ("url: x", "unknown key"),
        ] {
            texts["links.yaml"] = text
            let found = problems(of: texts).map(\.description)
            #expect(found.contains { $0.hasPrefix("links.yaml:1:") && $0.contains(report) }, "\(text): \(found)")
        }
        texts["links.yaml"] = "links: {click_url: 'http://127.0.0.1:8480/c', secret_file: /x}"
        #expect(problems(of: texts).isEmpty)
    }

    @Test("keywords.yaml may be missing or without words; it names a class or one of the wider scopes")
    func keywords() throws {
        let policy = try PolicyFiles.parse(shipped())
        #expect(policy.keywords.scope == "marketing")
        #expect(policy.keywords.added["+34"] == [.stop: ["BAJA", "PARAR"], .stopAll: [], .start: ["ALTA"]])
        #expect(try PolicyFiles.parse(shipped(["keywords.yaml": nil])).keywords == KeywordPolicy())
        var texts = try shipped(["keywords.yaml": nil])
        for file in ["classes.yaml", "caps.yaml"] { texts[file] = texts[file]?.replacing("marketing", with: "promotion") }
        #expect(try PolicyFiles.parse(texts).keywords.scope == "all_except_otp", "a scope that is no class stops nothing")
        let wide = try PolicyFiles.parse(shipped(["keywords.yaml": "scope: all_except_otp\nwords: {other: {stop: [BASTA]}}\n"]))
        #expect(
            wide.keywords == KeywordPolicy(scope: "all_except_otp", added: ["": [.stop: ["BASTA"], .stopAll: [], .start: []]]))
    }

    @Test("budgets.yaml may be missing; a limit is segments or money, to the millionth")
    func budgets() throws {
        #expect(try PolicyFiles.parse(shipped(["budgets.yaml": nil])).budgets == [])
        let text = """
            budgets:
              a: {time_zone: Europe/London, limit: 250.5 EUR, over: defer}
              b: {each: group, classes: [otp], channels: [sms], providers: [sandbox-sms], time_zone: Asia/Shanghai, limit: 20_000 segments, over: stop}
            """
        let budgets = try PolicyFiles.parse(shipped(["budgets.yaml": text])).budgets
        #expect(
            budgets == [
                BudgetRule(name: "a", timeZone: "Europe/London", unit: .money(currency: "EUR"), limit: 250_500_000, over: .defer),
                BudgetRule(
                    name: "b", classes: ["otp"], channels: [.sms], providers: ["sandbox-sms"], isPerGroup: true,
                    timeZone: "Asia/Shanghai",
                    unit: .segments, limit: 20_000, over: .stop),
            ])
        #expect(budgets.map(\.limitText) == ["250.50 EUR", "20000 segments"])
    }

    @Test("one provider may have several price lists with dates that follow one another")
    func datedPrices() throws {
        let text = """
            prices:
              sandbox-sms:
                - {currency: EUR, until: 2026-12-01, per_segment: {other: 1, "+86": 2}}
                - {currency: EUR, from: 2026-12-01T00:00:00Z, until: 2026-12-02T08:00:00+08:00, per_segment: {other: 3}}
                - {currency: CNY, from: 2026-12-02, per_segment: {other: 4}}
            """
        let prices = try PolicyFiles.parse(shipped(["prices.yaml": text])).prices
        #expect(prices.map(\.micros) == [1, 2, 3, 4])
        #expect(prices[2].from == prices[0].until && prices[2].until == prices[3].from && prices[0].from == nil)
        #expect(prices[0].until == Timestamp(microseconds: 1_796_083_200_000_000))
    }

    @Test(
        "an instant is a date at midnight UTC, or has a time and a zone",
        arguments: [
            ("1970-01-01", 0), ("2000-02-29", 951_782_400), ("2026-11-22T10:38:15Z", 1_795_343_895),
            ("2026-11-22T18:38:15+08:00", 1_795_343_895),
            ("2026-11-22T05:08-05:30", 1_795_343_880), ("2100-02-29", nil), ("2026-13-01", nil), ("2026-11-22T10:38:15", nil),
            ("2026-11-22T25:00Z", nil),
            ("22.11.2026", nil),
        ] as [(String, Int64?)])
    func instants(_ text: String, _ seconds: Int64?) {
        #expect(Timestamp(configured: text)?.microseconds == seconds.map { $0 * 1_000_000 })
    }

    @Test("the shipped policy says what the table of the design says")
    func shippedPolicy() throws {
        let policy = try PolicyFiles.parse(shipped())
        let otp = try #require(policy.classes["otp"])
        #expect(otp.lane == 0 && otp.timeToLive == .seconds(300) && otp.retry.attempts == 3)
        #expect(otp.quietHours == nil && otp.erasesBody && otp.unknownOutcome == .resend && otp.resends == 1)
        let transactional = try #require(policy.classes["transactional"])
        #expect(transactional.lane == 1 && transactional.timeToLive == .seconds(86_400))
        #expect(transactional.unknownOutcome == .query && transactional.retry.attempts == 8 && transactional.quietHours == nil)
        let notification = try #require(policy.classes["notification"])
        #expect(notification.lane == 2 && notification.requiredVariables == ["order_number", "time"])
        #expect(notification.quietHours == QuietHours(from: 1320, until: 480, spread: .seconds(1800)))
        let marketing = try #require(policy.classes["marketing"])
        #expect(marketing.lane == 3 && marketing.timeToLive == .seconds(172_800) && marketing.retry.attempts == 5)
        #expect(marketing.requiresConsent && marketing.requiresSignature && marketing.requiresOptOut)
        #expect(marketing.unknownOutcome == .hold && marketing.resends == 0)
        #expect(policy.caps.map(\.limit) == [1, 5, 10, 10, 4])
        #expect(policy.caps.last?.tiers == ["vip": 4, "regular": 2])
        #expect(policy.caps.last?.window == .rolling(.seconds(30 * 86_400)))
        #expect(policy.senders[policy.defaultSender]?.signatures == ["+86": "【青燕商城】", "": "Swallow & Co: "])
        #expect(policy.providers["sandbox-sms"]?.rate == 500)
        #expect(policy.providers["sandbox-sms"]?.ratesMessages == false)
        #expect(policy.prices.contains(Price(provider: "sandbox-sms", prefix: "+86", micros: 6500, currency: "EUR")))
    }

    @Test("numbers by country, and a rate in messages")
    func numbers() throws {
        var files = try shipped()
        files["senders.yaml"] = files["senders.yaml"]?.replacing(
            "sms_from: Swallow", with: #"sms_from: {"+86": ["10690001", "10690002"], "+1": "+15550100", other: Swallow}"#)
        files["providers.yaml"] = files["providers.yaml"]?.replacing("rate: 500/s", with: "rate: 500/s\n    rate_of: messages")
        let policy = try PolicyFiles.parse(files)
        #expect(
            policy.senders["swallow"]?.smsPools
                == ["+86": ["10690001", "10690002"], "+1": ["+15550100"], "": ["Swallow"]])
        #expect(policy.providers["sandbox-sms"]?.ratesMessages == true)
    }
}
