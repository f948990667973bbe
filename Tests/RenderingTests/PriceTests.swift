import Domain
import Testing

@testable import Rendering

@Suite("Prices with dates")
struct PriceTests {
    private static let edge = Timestamp(microseconds: 1_800_000_000_000_000)
    private static let prices = [
        Price(provider: "p", prefix: "", micros: 10, currency: "EUR", until: edge),
        Price(provider: "p", prefix: "", micros: 20, currency: "EUR", from: edge),
        Price(provider: "p", prefix: "+86", micros: 7, currency: "CNY", from: edge, until: edge + .seconds(60)),
    ]
    private static let mail = RenderedMessage(content: .http("x"), from: "f", templateVersion: 1)

    @Test(
        "the price of the instant counts: the first instant of the new one is not the old one's",
        arguments: [
            (-1, "+4477", 10), (-1, "+8613", 10), (0, "+4477", 20), (0, "+8613", 7), (59_999_999, "+8613", 7),
            (60_000_000, "+8613", 20),
        ] as [(Int64, String, Int64)])
    func instant(offset: Int64, address: String, micros: Int64) {
        let table = PriceTable(Self.prices, at: Self.edge + .microseconds(offset))
        #expect(table.estimate(Self.mail, to: address, provider: "p").amount?.micros == micros)
        #expect(table.estimate(Self.mail, to: address, provider: "q").amount == nil)
    }

    @Test("a table says for how long it is good: no price begins or ends in between")
    func period() {
        let before = PriceTable(Self.prices, at: Self.edge - .microseconds(1)).period
        #expect(before.until == Self.edge && before.contains(Self.edge - .seconds(1_000_000)) && !before.contains(Self.edge))
        let between = PriceTable(Self.prices, at: Self.edge).period
        #expect(between.from == Self.edge && between.until == Self.edge + .seconds(60))
        #expect(PriceTable(Self.prices, at: Self.edge + .seconds(61)).period.until == Timestamp(microseconds: .max))
        #expect(PriceTable([], at: Self.edge).period.contains(Timestamp(microseconds: 0)))
    }
}
