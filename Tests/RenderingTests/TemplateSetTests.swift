import Domain
import Testing

@testable import Rendering

@Suite("The template for a recipient, and what it will cost")
struct TemplateSetTests {
    @Test(
        "locales fall back from the specific to the default",
        arguments: [
            ("zh-CN", ["zh-CN", "zh", "default"]), ("zh", ["zh", "default"]), ("ZH_cn", ["zh-CN", "zh", "default"]),
            ("zh-hant-tw", ["zh-Hant-TW", "zh-Hant", "zh", "default"]), (nil, ["en-GB", "en", "default"]),
            ("", ["en-GB", "en", "default"]),
            ("default", ["default"]), ("en-x-pirate", ["en-x-pirate", "en", "default"]),
        ] as [(String?, [String])])
    func fallbacks(_ locale: String?, _ expected: [String]) {
        #expect(TemplateSet.fallbacks(for: locale, sender: "en-GB") == expected)
    }

    private func set(_ locales: [String]) throws -> TemplateSet {
        TemplateSet(
            try locales.enumerated().map {
                try ParsedTemplate(Template(key: "k", locale: $1, channel: .sms, version: $0, body: "b"))
            })
    }

    @Test("the best template that exists is taken, in its latest version")
    func best() throws {
        let set = try set(["zh", "default", "en-gb", "zh"])
        #expect(set.best(for: "zh-CN", sender: "en-GB")?.template.version == 3)
        #expect(set.best(for: nil, sender: "en-GB")?.template.locale == "en-gb")
        #expect(set.best(for: "fr", sender: "en-GB")?.template.locale == "default")
        #expect(try self.set(["zh"]).best(for: "fr", sender: "en-GB") == nil)
    }

    @Test(
        "the price is that of the longest prefix at the provider, times segments",
        arguments: [
            ("+8613800138000", "carrier", 2 * 30_000, "CNY"), ("+85291234567", "carrier", 2 * 50_000, "HKD"),
            ("+447700900123", "carrier", 2 * 40_000, "EUR"), ("+447700900123", "other", nil, nil),
        ] as [(String, String, Int64?, String?)])
    func estimate(_ address: String, _ provider: String, _ micros: Int64?, _ currency: String?) throws {
        var policy = policy()
        policy.prices = [
            Price(provider: "carrier", prefix: "", micros: 40_000, currency: "EUR"),
            Price(provider: "carrier", prefix: "+8", micros: 1, currency: "USD"),
            Price(provider: "carrier", prefix: "+86", micros: 30_000, currency: "CNY"),
            Price(provider: "carrier", prefix: "+852", micros: 50_000, currency: "HKD"),
            Price(provider: "else", prefix: "+8613", micros: 9, currency: "USD"),
        ]
        let renderer = Renderer(policy)
        let rendered = try renderer.render(message(.sms, to: address), template: parsed(.sms, times("好", 71)))
        let prices = PriceTable(policy.prices, at: Timestamp(microseconds: 0))
        let estimate = prices.estimate(rendered.message, to: address, provider: provider)
        #expect(estimate.segments == 2)
        #expect(estimate.amount?.micros == micros)
        #expect(estimate.amount?.currency == currency)
    }
}
