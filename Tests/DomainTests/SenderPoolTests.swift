import Testing

@testable import Domain

@Suite("Numbers of a sender by country")
struct SenderPoolTests {
    private let numbers = (0..<5).map { "1069000\($0)" }
    private func sender(_ pool: [String]) -> Sender {
        Sender(
            key: "shop", smsPools: ["+86": pool, "+8613": ["10010"], "+44": ["Shop"]], timeZone: "Etc/UTC", defaultLocale: "en")
    }

    @Test("the longest prefix decides; a country without numbers has none, unless there are some for the rest")
    func prefixes() {
        var sender = sender(["1069"])
        #expect(sender.smsOrigin(for: "+8613800138000") == "10010")
        #expect(sender.smsOrigin(for: "+8615800138000") == "1069")
        #expect(sender.smsOrigin(for: "+447700900001") == "Shop")
        #expect(sender.smsOrigin(for: "+15550100") == nil)
        sender.smsPools[""] = ["Martlet"]
        #expect(sender.smsOrigin(for: "+15550100") == "Martlet")
    }

    @Test("each recipient sees one number, always the same, and all numbers have about as many recipients")
    func spread() {
        let people = (0..<10_000).map { "+8615\(100_000_000 + $0)" }
        let first = people.map { sender(numbers).smsOrigin(for: $0) ?? "" }
        #expect(first == people.map { sender(numbers.reversed()).smsOrigin(for: $0) ?? "" })
        for number in numbers { #expect((1_800...2_200).contains(first.count { $0 == number })) }
        // Another number takes its share of the recipients, and leaves all others where they are.
        let second = people.map { sender(numbers + ["10690009"]).smsOrigin(for: $0) ?? "" }
        let moved = zip(first, second).filter { $0 != $1 }
        #expect(moved.allSatisfy { $0.1 == "10690009" } && (1_500...1_850).contains(moved.count))
    }
}
