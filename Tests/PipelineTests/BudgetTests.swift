import Domain
import Foundation
import PipelineSupport
import Postgres
import StageSupport
import Store
import TestSupport
import Testing

@testable import Pipeline

@Suite("Budgets of a day against many workers", .serialized)
struct BudgetTests {
    /// Works off a lane with many benches at once, until nothing is ready.
    private func workOff(_ shop: Shop, lanes: [Int16], workers: Int, limit: @escaping @Sendable (Int) -> Int = { _ in 50 })
        async throws
    {
        let options = DatabaseOptions(conninfo: shop.scratch.conninfo, applicationName: "benches", connections: workers)
        let database = Database(options)
        try await withThrowingTaskGroup(of: Void.self) { group in
            for worker in 0..<workers {
                group.addTask {
                    let bench = try await Bench(shop, on: database)
                    for lane in lanes { while try await bench.step(lane: lane, limit: limit(worker)) {} }
                    try await bench.recordAll()
                }
            }
            try await group.waitForAll()
        }
        await database.close()
    }

    /// From now on a commit that uses more of a budget than this fails, and with it the test.
    private func watch(_ shop: Shop, _ limits: [String: Int]) async throws {
        for (pattern, limit) in limits {
            try await shop.script(
                "alter table martlet_data.budget_usage add check (key not like '\(pattern)' or used <= \(limit))")
        }
    }

    private func used(_ shop: Shop) async throws -> [String] {
        try await shop.texts("select key || ' ' || used from martlet_data.budget_usage order by key")
    }

    /// Where it is about noon now: no day ends while a test looks. (The sign of these names is reversed.)
    private static let zone: String = {
        let hour = Int(Date.now.timeIntervalSince1970) / 3600 % 24
        return hour >= 12 ? "Etc/GMT+\(hour - 12)" : "Etc/GMT-\(12 - hour)"
    }()

    private static let midnight = """
        (date_trunc('day', clock_timestamp() at time zone '\(zone)') + interval '1 day') at time zone '\(zone)'
        """

    @Test(
        "16 workers and 2,000 messages against a budget of 700: exactly 700 are handed over, the others wait for local midnight",
        .timeLimit(.minutes(4)))
    func exact() async throws {
        let policy = ShopPolicy {
            $0.budgets = "{day: {classes: [marketing], time_zone: \(Self.zone), limit: 700 segments, over: defer}}"
        }
        try await Shop.with(policy) { shop in
            try await watch(shop, ["%": 700])
            try await shop.enqueueMany("marketing", count: 2000)
            try await workOff(shop, lanes: [3], workers: 16) { [7, 50, 23][$0 % 3] }
            #expect(try shop.outbox().count == 700)
            #expect(try await shop.states() == ["accepted": 700, "due": 1300])
            #expect(try await used(shop) == ["day 700"])
            #expect(try await shop.texts("select distinct reason from martlet_data.due") == ["budget"])
            #expect(try await shop.number("select count(*) from martlet_data.due where due_at = \(Self.midnight)") == 1300)
            let receipts = "select count(*) from martlet_data.receipts where kind = 'postponed' and code = 'day'"
            #expect(try await shop.number(receipts) == 1300)
        }
    }

    @Test(
        "budgets of a class, a provider and each group, caps and failures: no order of locks ends in a deadlock, no budget is exceeded, what was given back is used",
        .timeLimit(.minutes(4)))
    func many() async throws {
        let policy = ShopPolicy {
            $0.budgets = """
                {class-day: {classes: [marketing], time_zone: \(Self.zone), limit: 260 segments, over: defer},
                 provider-day: {providers: [sandbox], time_zone: \(Self.zone), limit: 400 segments, over: stop},
                 group-day: {each: group, classes: [marketing, notification], time_zone: \(Self.zone), limit: 40 segments, over: defer}}
                """
            $0.caps = "{day: {classes: [marketing, notification], window: 24h, limit: 2, over: drop}}"
            $0.rules = "* reject 40% else accept"
        }
        try await Shop.with(policy) { shop in
            try await watch(shop, ["class-day": 260, "provider-day": 400, "group-day/%": 40])
            try await shop.script(
                """
                select count(martlet.enqueue(case n % 2 when 0 then 'marketing' else 'notification' end, 'sms', '+49170' || (1000000 + n % 700), 'note',
                    jsonb_build_object('text', repeat('x', 100 * (1 + n % 4))), group_key => 'g' || n % 12)) from generate_series(1, 1600) n
                """)
            try await workOff(shop, lanes: [2, 3], workers: 8) { 5 + $0 * 5 }
            #expect(try await shop.number("select deadlocks from pg_stat_database where datname = current_database()") == 0)
            // What each row says is what the attempts say that kept theirs; the provider's log agrees.
            let wrong = """
                select u.key || ' ' || u.used || ' ' || coalesce(a.segments, 0) from martlet_data.budget_usage u
                left join (select b.key, sum(a.segments) as segments from martlet_data.attempts a, unnest(a.budgets) b(key) group by 1) a using (key)
                where u.used is distinct from coalesce(a.segments, 0)
                """
            #expect(try await shop.texts(wrong) == [])
            let accepted = Set(try shop.outbox().filter { $0.answer == "accepted" }.map(\.messageID))
            let kept = try await shop.texts("select message_id::text from martlet_data.attempts where budgets is not null")
            #expect(Set(kept.compactMap { Int64($0) }) == accepted)
            // What was given back when no worker was left to use it is there for those who come now: to the last segment.
            try shop.rules("* accept")
            try await shop.script(
                """
                select count(martlet.enqueue('notification', 'sms', '+49180' || (1000000 + n), 'note', '{"text": "x"}', group_key => 'late ' || n % 20))
                from generate_series(1, 500) n
                """)
            try await workOff(shop, lanes: [2], workers: 4)
            #expect(try await used(shop).filter { $0.hasPrefix("provider") } == ["provider-day 400"])
            #expect(try await shop.texts(wrong) == [])
        }
    }

    @Test("what is over a budget that stops is a dead letter that says why; requeued with a higher limit it is sent")
    func stops() async throws {
        var policy = ShopPolicy {
            $0.budgets = "{day: {classes: [marketing], time_zone: \(Self.zone), limit: 1 segments, over: stop}}"
        }
        try await Shop.with(policy) { shop in
            try await shop.enqueueMany("marketing", count: 2)
            try await shop.enqueue(
                "marketing", to: "+447700900001", variables: #"{"text":"\#(String(repeating: "x", count: 200))"}"#)
            try await workOff(shop, lanes: [3], workers: 1)
            #expect(try await shop.states() == ["accepted": 1, "dead:budget_used_up": 1, "dead:budget_too_small": 1])
            let told = try await shop.texts(
                "select explanation || '|' || remedy from martlet.dead_letters where reason = 'budget_used_up' and attempts = 0 and provider = 'sandbox'"
            )
            #expect(told.count == 1 && told[0].contains("1 segments a day") && told[0].contains("midnight in \(Self.zone)"))
            policy.budgets = policy.budgets?.replacing("limit: 1 ", with: "limit: 4 ")
            try await shop.apply(policy)
            try await shop.script("select count(martlet.requeue(message_id, 'more money')) from martlet_data.dead_letters")
            try await workOff(shop, lanes: [3], workers: 1)
            #expect(try await shop.states() == ["accepted": 3])
            #expect(try await used(shop) == ["day 4"])
        }
    }

    @Test("what lives no longer than the day is expired; a new day begins at nothing; other classes do not wait")
    func days() async throws {
        let policy = ShopPolicy {
            $0.budgets = "{day: {classes: [otp, marketing], time_zone: \(Self.zone), limit: 1 segments, over: defer}}"
        }
        try await Shop.with(policy) { shop in
            try await shop.enqueueMany("otp", count: 2)
            try await workOff(shop, lanes: [0], workers: 1)
            #expect(try await shop.states() == ["accepted": 1, "expired": 1])
            #expect(try await shop.texts("select code from martlet_data.receipts where kind = 'expired'") == ["day"])
            // The row is locked by somebody: a batch without budgets does not look at it.
            let other = try await shop.scratch.connect()
            try await other.execute(script: "begin; select 1 from martlet_data.budget_usage for update", name: "lock")
            try await shop.enqueueMany("notification", count: 3)
            try await workOff(shop, lanes: [2], workers: 1)
            #expect(try await shop.states()["accepted"] == 4)
            #expect(try await shop.number("select count(*) from martlet_data.attempts where budgets is not null") == 1)
            try await other.execute(script: "rollback", name: "unlock")
            await other.close()
            try await shop.script(
                "update martlet_data.budget_usage set starts_at = starts_at - interval '1 day', ends_at = starts_at")
            try await shop.enqueueMany("marketing", count: 2)
            try await workOff(shop, lanes: [3], workers: 1)
            #expect(try await shop.states()["accepted"] == 5)
            #expect(try await used(shop) == ["day 1"])
            #expect(try await shop.number("select count(*) from martlet_data.budget_usage where ends_at = \(Self.midnight)") == 1)
        }
    }

    @Test("a send that certainly did not happen gives its amount back once; one in doubt keeps it")
    func givingBack() async throws {
        let policy = ShopPolicy {
            $0.budgets = "{day: {classes: [marketing], time_zone: \(Self.zone), limit: 10.00 EUR, over: stop}}"
            $0.prices = "{sandbox: {currency: EUR, per_segment: {other: 1000000}}}"
            $0.rules = "+4477009* down; +4478009* reject; +44790* accept; * lose"
            $0.timeout = "200ms"
        }
        try await Shop.with(policy) { shop in
            let bench = try await Bench(shop)
            for number in ["+447700900001", "+447800900001", "+447900900001", "+448800900001"] {
                try await shop.enqueue("marketing", to: number)
            }
            try await bench.refresh()
            while try await bench.step(lane: 3) {}
            try await eventually(within: .seconds(10), "the lost answer is written down") {
                try await bench.recordAll()
                return try await shop.states()["dead:in_doubt"] == 1
            }
            #expect(try await used(shop) == ["day 2000000"])
            #expect(
                try await shop.number(
                    "select sum(martlet_data.release_budgets(array[message_id], array[attempt])) from martlet_data.attempts where budgets is null"
                ) == 0)
            #expect(try await used(shop) == ["day 2000000"])
        }
    }

    @Test("an Admit whose commit was not confirmed gives back what it took when its claim is taken back")
    func takenBack() async throws {
        let policy = ShopPolicy {
            $0.budgets = "{day: {classes: [marketing], time_zone: \(Self.zone), limit: 10 segments, over: stop}}"
        }
        try await Shop.with(policy) { shop in
            let bench = try await Bench(shop)
            try await shop.enqueueMany("marketing", count: 3)
            try await bench.refresh()
            let batch = try #require(try await bench.claim.take(lane: 3, limit: 3))
            let works = Render(
                snapshot: bench.shared.policy, prices: bench.shared.policy.prices(at: bench.shared.databaseNow()),
                router: Router(bench.shared.policy.policy), overrides: [:]
            )
            .render(batch.messages).works
            _ = try await Admit(shared: bench.shared, database: shop.store, providerQueues: bench.providerQueues).admit(
                works, batch.expected)
            #expect(try await used(shop) == ["day 3"])
            let back = TakeBack(shared: bench.shared, database: shop.store)
            #expect(try await back.takeBack(claim: works[0].lease.claim, session: works[0].lease.session) == 3)
            #expect(try await used(shop) == ["day 0"])
            #expect(try await shop.number("select count(*) from martlet_data.attempts where budgets is not null") == 0)
        }
    }

    @Test("money: dated prices, another currency is not counted, and what has no price at all is a dead letter")
    func money() async throws {
        let policy = ShopPolicy {
            $0.budgets = "{day: {time_zone: \(Self.zone), limit: 0.05 EUR, over: defer}}"
            $0.prices = """
                {sandbox: [{currency: EUR, until: 2026-01-01, per_segment: {"+44": 40000}},
                    {currency: EUR, from: 2026-01-01, until: 2099-01-01, per_segment: {"+44": 20000}}, {currency: EUR, from: 2099-01-01, per_segment: {"+44": 1}},
                    {currency: CNY, per_segment: {"+86": 30000}}]}
                """
        }
        try await Shop.with(policy) { shop in
            try await watch(shop, ["%": 50_000])
            for number in 1...4 { try await shop.enqueue("marketing", to: "+44770090000\(number)") }
            try await shop.enqueue("marketing", to: "+8613800138000")
            try await shop.enqueue("marketing", to: "+4917000000000")
            try await workOff(shop, lanes: [3], workers: 2)
            #expect(try await shop.states() == ["accepted": 3, "due": 2, "dead:no_price": 1])
            #expect(try await used(shop) == ["day 40000"])
            let costs = "select cost_micros || ' ' || currency from martlet_data.attempts order by 1"
            #expect(try await shop.texts(costs) == ["20000 EUR", "20000 EUR", "30000 CNY"])
            let shown = try await shop.texts(
                "select unit || ' ' || used || ' ' || left_amount || ' ' || (renews_at = \(Self.midnight)) from martlet.budgets")
            #expect(shown == ["EUR 40000 10000 true"])
        }
    }
}
