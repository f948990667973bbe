import PipelineSupport
import Postgres
import StageSupport
import Store
import TestSupport
import Testing

@testable import Pipeline

@Suite("Admit against many others", .serialized)
struct AdmitRaceTests {
    @Test(
        "64 workers, 10,000 messages to one recipient, cap 4: exactly 4 are handed over, the others end as capped",
        .timeLimit(.minutes(4)))
    func exactlyFour() async throws {
        let policy = ShopPolicy { $0.caps = "{month: {classes: [marketing], window: 30d, limit: 4, over: defer}}" }
        try await Shop.with(policy) { shop in
            let count = 10_000
            try await shop.enqueueMany("marketing", count: count, step: 0)
            try await withThrowingTaskGroup(of: Void.self) { group in
                for _ in 0..<64 {
                    group.addTask {
                        let bench = try await Bench(shop)
                        while try await bench.step(lane: 3) {}
                        try await bench.recordAll()
                    }
                }
                try await group.waitForAll()
            }
            #expect(try shop.outbox().count == 4)
            #expect(try await shop.states() == ["accepted": 4, "capped": count - 4])
            #expect(try await shop.waiting() == 0)
        }
    }

    @Test("an opt-out that is being committed puts its messages off; once committed it has suppressed them")
    func optOutInProgress() async throws {
        try await Shop.with { shop in
            let bench = try await Bench(shop)
            try await shop.enqueue("marketing", to: "+447700900001")
            try await shop.enqueue("marketing", to: "+447700900002")
            let other = try await shop.scratch.connect()
            try await other.execute(script: "begin; select martlet.suppress('sms', '+447700900001')", name: "suppress")
            try await bench.refresh()
            while try await bench.step(lane: 3) {}
            #expect(try shop.outbox().map(\.to) == ["+447700900002"])
            #expect(try await shop.texts("select reason from martlet_data.due") == ["opt_out_in_progress"])
            let pause = try await shop.number(
                "select extract(epoch from due_at - clock_timestamp()) * 1000 from martlet_data.due")
            #expect((0...1000).contains(pause))
            try await other.execute(script: "commit", name: "commit")
            await other.close()
            try await eventually(within: .seconds(5), "it is due again") { try await bench.promote() == 1 }
            #expect(try await bench.step(lane: 3))
            #expect(try await shop.states() == ["accepted": 1, "suppressed": 1])
            #expect(try shop.outbox().count == 1)
        }
    }

    @Test("opt-outs that race admits: no attempt is admitted after the opt-out of its address", .timeLimit(.minutes(2)))
    func optOutRace() async throws {
        try await Shop.with { shop in
            let count = 300
            try await shop.enqueueMany("marketing", count: count)
            try await withThrowingTaskGroup(of: Void.self) { group in
                for _ in 0..<3 {
                    group.addTask {
                        let bench = try await Bench(shop)
                        repeat {
                            while try await bench.step(lane: 3, limit: 3) {
                                // Both outcomes in any case: before half of them are out, one that still waits has opted out.
                                guard try shop.outbox().count >= count / 2 else { continue }
                                try await eventually(within: .seconds(60), "somebody has opted out") {
                                    try await shop.number("select count(*) from martlet_data.suppressions") > 0
                                }
                            }
                            _ = try await bench.promote()
                        } while try await shop.number("select count(*) from martlet_data.ready")
                            + shop.number("select count(*) from martlet_data.due") > 0
                    }
                }
                group.addTask {
                    let other = try await shop.scratch.connect()
                    try await eventually(within: .seconds(60), "the first are out") { try !shop.outbox().isEmpty }
                    // From the end of the lane, towards the workers.
                    for number in (0..<count).reversed() {
                        let call = PQCall("suppress", "select martlet.suppress('sms', $1)") {
                            $0.text("+\(490_000_000_000 + number)")
                        }
                        _ = try await other.query(call)
                    }
                    await other.close()
                }
                try await group.waitForAll()
            }
            let states = try await shop.states()
            let (accepted, suppressed) = (states["accepted"] ?? 0, states["suppressed"] ?? 0)
            #expect(accepted > 0 && suppressed > 0 && accepted + suppressed == count, "\(states)")
            // The opt-out holds its lock from before this instant until it commits, Admit reads its own after it has the lock.
            let late = """
                select count(*) from martlet_data.attempts a join martlet_data.messages m on m.id = a.message_id
                    join martlet_data.suppressions s on s.address = m.address where a.admitted_at > s.created_at
                """
            #expect(try await shop.number(late) == 0)
            #expect(try shop.outbox().count == states["accepted"] ?? 0)
        }
    }

    @Test("messages over a cap are planned to one slot each, and none stays at the lane's head")
    func plans() async throws {
        let policy = ShopPolicy { $0.caps = "{hour: {classes: [notification], window: 1h, limit: 2, over: defer}}" }
        try await Shop.with(policy) { shop in
            let bench = try await Bench(shop)
            try await shop.enqueueMany("notification", count: 8, step: 0)
            try await bench.refresh()
            while try await bench.step(lane: 2, limit: 3) {}
            #expect(try shop.outbox().count == 2)
            #expect(try await shop.number("select count(*) from martlet_data.ready") == 0)
            let hours = try await shop.texts(
                "select round(extract(epoch from due_at - (select min(admitted_at) from martlet_data.attempts)) / 3600)::text from martlet_data.due where reason = 'cap' order by due_at"
            )
            #expect(hours == ["1", "1", "2", "2", "3", "3"])
            #expect(
                try await shop.number("select count(*) from martlet_data.receipts where kind = 'postponed' and code = 'hour'")
                    == 6)
        }
    }

    @Test("a slot that a send did not need is given back; one that is in doubt is not")
    func slots() async throws {
        let policy = ShopPolicy {
            $0.caps = "{day: {classes: [marketing], window: 24h, limit: 1, over: drop}}"
            $0.rules = "+4477009* down; * lose"
            $0.timeout = "200ms"
        }
        try await Shop.with(policy) { shop in
            let bench = try await Bench(shop)
            try await shop.enqueue("marketing", to: "+447700900001")
            try await shop.enqueue("marketing", to: "+447800900001")
            try await bench.refresh()
            while try await bench.step(lane: 3) {}
            try await eventually(within: .seconds(10), "the lost answer is written down") {
                try await bench.recordAll()
                return try await shop.states()["dead:in_doubt"] == 1
            }
            let hits = try await shop.texts(
                "select recipient_key || ' ' || length(hits) / 24 from martlet_data.cap_usage order by 1")
            #expect(hits == ["+447700900001 0", "+447800900001 1"])
        }
    }
}
