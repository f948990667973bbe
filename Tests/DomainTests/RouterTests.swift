import Domain
import Testing

@Suite("Which provider takes a message")
struct RouterTests {
    static func policy(_ routes: [Route], prices: [Price] = []) -> Policy {
        let providers = ["a", "b", "c"].map { ProviderPolicy(name: $0, transport: "sandbox", channels: [.sms]) }
        let mail = ProviderPolicy(name: "mail", transport: "smtp", channels: [.email])
        return Policy(
            classes: [:], caps: [], senders: [:], defaultSender: "shop",
            providers: Dictionary((providers + [mail]).map { ($0.name, $0) }) { $1 }, routes: routes, prices: prices,
            wordLists: [])
    }
    static func message(_ id: Int64 = 1, to address: String = "+8613800138000", channel: Channel = .sms) -> Message {
        let epoch = Timestamp(microseconds: 0)
        return Message(
            id: MessageID(id), messageClass: "otp", channel: channel, recipientKey: "ann", address: address, template: "t",
            createdAt: epoch, expiresAt: epoch)
    }
    private func shares(_ router: Router, _ availability: Availability = Availability(), tries: Int = 0) -> [String: Int] {
        (1...10_000).reduce(into: [:]) { counts, id in
            var now = availability
            let name = router.provider(for: Self.message(Int64(id)), sender: "shop", tries: tries, &now)?.name ?? "none"
            counts[name, default: 0] += 1
        }
    }

    @Test("the first route whose conditions all match decides")
    func firstMatch() {
        let router = Router(
            Self.policy([
                Route(provider: "a", classes: ["marketing"]), Route(provider: "a", prefixes: ["+49"]),
                Route(provider: "a", sender: "other"),
                Route(provider: "b", channel: .sms, classes: ["otp"], prefixes: ["+86"], sender: "shop"),
                Route(provider: "c"),
            ]))
        #expect(router.provider(for: Self.message(), sender: "shop")?.name == "b")
        #expect(router.provider(for: Self.message(), sender: "other")?.name == "a")
        #expect(router.provider(for: Self.message(to: "+4915112345678"), sender: "shop")?.name == "a")
    }

    @Test("a provider that does not carry the channel is passed over")
    func channel() {
        let router = Router(Self.policy([Route(provider: "a"), Route(provider: "mail")]))
        let mail = Self.message(to: "ann@example.com", channel: .email)
        #expect(router.provider(for: mail, sender: "shop")?.name == "mail")
        #expect(Router(Self.policy([Route(provider: "a")])).provider(for: mail, sender: "shop") == nil)
        let byDomain = Router(
            Self.policy([Route(provider: "mail", prefixes: ["example.org"]), Route(provider: "mail", prefixes: ["example.com"])]))
        #expect(byDomain.provider(for: mail, sender: "shop")?.name == "mail")
    }

    @Test("a provider that delivers too little keeps a twentieth of its share, by weight and by cost; alone it keeps all")
    func poor() {
        var now = Availability()
        now.poor = ["a"]
        let router = Router(Self.policy([Route(providers: [.init(name: "a", weight: 70), .init(name: "b", weight: 30)])]))
        // 70 : 30 × 20.
        #expect((900...1_200).contains(shares(router, now)["a"] ?? 0))
        let prices = [("a", 1), ("b", 2)].map { Price(provider: $0.0, prefix: "", micros: Int64($0.1), currency: "EUR") }
        let byCost = Router(
            Self.policy(
                [Route(providers: [.init(name: "a", weight: 1), .init(name: "b", weight: 1)], choice: .cost)], prices: prices))
        #expect(shares(byCost)["a"] == 10_000)
        #expect((400...600).contains(shares(byCost, now)["a"] ?? 0))
        now.poor = ["a", "b"]
        #expect((6_800...7_200).contains(shares(router, now)["a"] ?? 0))
        #expect(shares(byCost, now)["a"] == 10_000)
        now.poor = ["a"]
        #expect(shares(Router(Self.policy([Route(provider: "a")])), now)["a"] == 10_000)
    }

    @Test("messages are shared by weight, the same one always goes the same way, and weight 0 gets none")
    func weights() {
        let router = Router(
            Self.policy([
                Route(providers: [.init(name: "a", weight: 70), .init(name: "b", weight: 30), .init(name: "c", weight: 0)])
            ]))
        let counts = shares(router)
        #expect((6_800...7_200).contains(counts["a"] ?? 0) && (2_800...3_200).contains(counts["b"] ?? 0) && counts["c"] == nil)
        #expect(router.provider(for: Self.message(42), sender: "shop") == router.provider(for: Self.message(42), sender: "shop"))
    }

    @Test(
        "what is unavailable gets nothing while another is well; standbys come when all others are out; and if none is well, it waits where it would go"
    )
    func unavailable() {
        let router = Router(
            Self.policy([
                Route(providers: [.init(name: "a", weight: 70), .init(name: "b", weight: 30), .init(name: "c", weight: 0)])
            ]))
        var availability = Availability()
        availability.unavailable = ["a"]
        #expect(shares(router, availability) == ["b": 10_000])
        availability.unavailable = ["a", "b"]
        #expect(shares(router, availability) == ["c": 10_000])
        availability.unavailable = ["a", "b", "c"]
        #expect(shares(router, availability) == shares(router))
    }

    @Test("a provider that may be well again gets one message of a batch")
    func probe() {
        let router = Router(Self.policy([Route(providers: [.init(name: "a", weight: 1), .init(name: "b", weight: 1)])]))
        var availability = Availability()
        availability.probing = ["a"]
        let names = (1...100).map { router.provider(for: Self.message(Int64($0)), sender: "shop", &availability)?.name }
        #expect(names.count { $0 == "a" } == 1 && names.count { $0 == "b" } == 99)
    }

    @Test("a moved provider's messages go to the other one, also when that is its only route")
    func moved() {
        var availability = Availability()
        availability.moved = ["a": "b"]
        let router = Router(Self.policy([Route(provider: "a")]))
        #expect(router.provider(for: Self.message(), sender: "shop", &availability)?.name == "b")
    }

    @Test("after a counted try the next provider of the route has its turn")
    func nextTry() {
        let router = Router(Self.policy([Route(providers: [.init(name: "a", weight: 1), .init(name: "b", weight: 1)])]))
        for id in 1...20 {
            var availability = Availability()
            let names = (0...3).map {
                router.provider(for: Self.message(Int64(id)), sender: "shop", tries: $0, &availability)?.name ?? ""
            }
            #expect(names[0] != names[1] && names[0] == names[2] && names[1] == names[3])
        }
    }

    @Test(
        "by cost the cheapest for the number is chosen, the longest prefix counts, and who has no price comes last",
        arguments: [("+8613800138000", "b"), ("+85212345678", "a"), ("+4915112345678", "c"), ("+12025550123", "a")])
    func cost(_ address: String, _ expected: String) {
        let prices = [
            Price(provider: "a", prefix: "", micros: 50, currency: "EUR"),
            Price(provider: "a", prefix: "+86", micros: 40, currency: "EUR"),
            Price(provider: "b", prefix: "+86", micros: 30, currency: "EUR"),
            Price(provider: "b", prefix: "+852", micros: 60, currency: "EUR"),
            Price(provider: "c", prefix: "+49", micros: 10, currency: "EUR"),
        ]
        let router = Router(
            Self.policy(
                [Route(providers: ["a", "b", "c"].map { .init(name: $0, weight: 1) }, choice: .cost)], prices: prices))
        #expect(router.provider(for: Self.message(to: address), sender: "shop")?.name == expected)
        var availability = Availability()
        availability.unavailable = [expected]
        #expect(router.provider(for: Self.message(to: address), sender: "shop", &availability)?.name != expected)
    }
}
