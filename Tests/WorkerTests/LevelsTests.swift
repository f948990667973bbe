import Domain
import PipelineSupport
import StageSupport
import TestSupport
import Testing

@testable import Pipeline
@testable import Store
@testable import Worker

@Suite("Levels for metrics")
struct LevelsTests {
    @Test(
        "the span follows what the last measurement took, between ten seconds and an hour",
        arguments: [(60, 1000, 12), (60, 200, 60), (60, 70, 120), (3600, 10, 3600), (10, 5000, 10), (60, 400, 30)]
            as [(Int, Int, Int)])
    func span(span: Int, took: Int, next: Int) {
        #expect(Levels.next(span: .seconds(span), took: .milliseconds(took)) == .seconds(next))
    }

    @Test(
        "measuring takes one second in a hundred at most, and what was measured is good until the next four",
        arguments: [(0.1, 30), (0.8, 80), (9, 300)])
    func interval(took: Double, seconds: Int) {
        func answer(age: Int) -> LoadLevels.Answer {
            .init(levels: [.init(kind: "measure", name: "", figure: "took_seconds", value: took)], age: .seconds(age))
        }
        #expect(!Levels.isDue(answer(age: seconds - 1)) && Levels.isDue(answer(age: seconds)))
    }

    @Test("one that failed halves the next until some have succeeded")
    func failures() {
        let levels = Levels()
        #expect(levels.span(after: .init()) == .seconds(20))
        levels.failed(.seconds(30))
        #expect(levels.span(after: .init()) == .seconds(15))
        levels.succeeded()
        #expect(levels.span(after: .init()) == .seconds(20))
        for _ in 0..<8 { levels.succeeded() }
        let quiet = LoadLevels.Answer(
            levels: [
                .init(kind: "measure", name: "", figure: "span_seconds", value: 1800),
                .init(kind: "measure", name: "", figure: "took_seconds", value: 0.01),
            ], age: .seconds(40))
        #expect(levels.span(after: quiet) == .seconds(3600))
    }

    @Test("a provider is poor when its policy says so, by enough and fresh reports")
    func poor() {
        var wanted = ProviderPolicy(name: "p", transport: "sandbox", channels: [.sms])
        wanted.deliveredAtLeast = 0.8
        let policies = ["p": wanted, "q": ProviderPolicy(name: "q", transport: "sandbox", channels: [.sms])]
        func poor(_ share: Double, reports: Double, age: Int = 10) -> Set<String> {
            let levels = ["p", "q"].flatMap { name in
                [("delivered_share", share), ("reports", reports)].map {
                    LoadLevels.Level(kind: "provider", name: name, figure: $0.0, value: $0.1)
                }
            }
            return Levels.poor(.init(levels: levels, age: .seconds(age)), policies)
        }
        #expect(poor(0.79, reports: 20) == ["p"])
        #expect(poor(0.8, reports: 1000).isEmpty)
        #expect(poor(0.1, reports: 19).isEmpty)
        #expect(poor(0.1, reports: 1000, age: 200).isEmpty)
    }

    @Test("what providers reported is measured and makes one poor, which the router then hears of")
    func measured() async throws {
        try await Shop.with { shop in
            let bench = try await Bench(shop)
            try await shop.enqueueMany("notification", count: 30)
            while try await bench.step(lane: 2) {}
            try await eventually(within: .seconds(20), "all are accepted") {
                try await bench.recordAll()
                return try await shop.number("select count(*) from martlet_data.receipts where kind = 'accepted'") == 30
            }
            try await shop.script(
                """
                insert into martlet_data.receipts (message_id, kind, attempt, provider, part)
                    select message_id, case when row_number() over () <= 10 then 'delivered' else 'undelivered' end, attempt, provider, 0
                    from martlet_data.receipts where kind = 'accepted'
                """)
            _ = try await shop.store.run(MeasureLevels(span: .seconds(3600)))
            let levels = try await shop.store.run(LoadLevels())
            var provider = try #require(bench.shared.policy.policy.providers["sandbox"])
            #expect(Levels.poor(levels, ["sandbox": provider]).isEmpty)
            provider.deliveredAtLeast = 0.5
            let poor = Levels.poor(levels, ["sandbox": provider])
            #expect(poor == ["sandbox"])
            #expect(bench.providerQueues.setPoor(poor) && !bench.providerQueues.setPoor(poor))
            #expect(bench.providerQueues.availability.poor == ["sandbox"])
        }
    }

    @Test("a figure has the name and the labels of what it is about")
    func names() {
        func text(_ kind: String, _ name: String, _ figure: String) -> String {
            let series = Levels.series(.init(kind: kind, name: name, figure: figure, value: 1))
            return series.name + series.labels.map { " \($0.0)=\($0.1)" }.joined()
        }
        #expect(text("class", "otp", "within_share") == "martlet_slo_within_share class=otp")
        #expect(text("provider", "p", "delivered_share") == "martlet_provider_delivered_share provider=p")
        #expect(text("budget", "day EUR", "used") == "martlet_budget_used budget=day unit=EUR")
        #expect(text("measure", "", "span_seconds") == "martlet_slo_measured_span_seconds")
    }

    @Test("what providers took is added up by provider, class and currency")
    func bills() async throws {
        let policy = ShopPolicy { $0.prices = #"{sandbox: {currency: EUR, per_segment: {"+44": 20000}}}"# }
        try await Shop.with(policy) { shop in
            let bench = try await Bench(shop)
            try await shop.enqueue("marketing", to: "+447700900001")
            try await shop.enqueue(
                "marketing", to: "+447700900002", variables: #"{"text":"\#(String(repeating: "x", count: 200))"}"#)
            try await shop.enqueue("marketing", to: "+4917000000000")
            try await bench.refresh()
            let batch = try #require(try await bench.claim.take(lane: 3, limit: 10))
            try await bench.process(batch)
            let taken = await bench.results.take(10, timeout: .seconds(10))
            let bills = try await Record(shared: bench.shared, database: shop.store).record(taken).bills
            let lines = bills.map { "\($0.provider) \($0.messageClass) \($0.currency ?? "-") \($0.segments) \($0.micros)" }
            #expect(lines.sorted() == ["sandbox marketing - 1 0", "sandbox marketing EUR 3 60000"])
        }
    }
}
