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

    @Test("the shipped policy says what the table of the design says")
    func shippedPolicy() throws {
        let policy = try PolicyFiles.parse(shipped())
        let otp = try #require(policy.classes["otp"])
        #expect(otp.lane == 0 && otp.timeToLive == .seconds(300) && otp.retry.attempts == 3)
        #expect(otp.quietHours == nil && otp.erasesBody && otp.doubt == .resend && otp.resends == 1)
        let transactional = try #require(policy.classes["transactional"])
        #expect(transactional.lane == 1 && transactional.timeToLive == .seconds(86_400))
        #expect(transactional.doubt == .query && transactional.retry.attempts == 8 && transactional.quietHours == nil)
        let notification = try #require(policy.classes["notification"])
        #expect(notification.lane == 2 && notification.requiredVariables == ["order_number", "time"])
        #expect(notification.quietHours == QuietHours(from: 1320, until: 480, spread: .seconds(1800)))
        let marketing = try #require(policy.classes["marketing"])
        #expect(marketing.lane == 3 && marketing.timeToLive == .seconds(172_800) && marketing.retry.attempts == 5)
        #expect(marketing.requiresConsent && marketing.requiresSignature && marketing.requiresOptOut)
        #expect(marketing.doubt == .hold && marketing.resends == 0)
        #expect(policy.caps.map(\.limit) == [1, 5, 10, 10, 4])
        #expect(policy.caps.last?.tiers == ["vip": 4, "regular": 2])
        #expect(policy.caps.last?.window == .rolling(.seconds(30 * 86_400)))
        #expect(policy.senders[policy.defaultSender]?.signatures == ["+86": "【青燕商城】", "": "Swallow & Co: "])
        #expect(policy.providers["sandbox-sms"]?.rate == 500)
        #expect(policy.prices.contains(Price(provider: "sandbox-sms", prefix: "+86", micros: 6500, currency: "EUR")))
    }
}
