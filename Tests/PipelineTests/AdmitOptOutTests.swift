import Domain
import Foundation
import PipelineSupport
import Postgres
import StageSupport
import Store
import TestSupport
import Testing

@testable import Pipeline

@Suite("A message waits for its own opt-out, and for no other", .serialized, .timeLimit(.minutes(5)))
struct AdmitOptOutTests {
    static let phone = "+447700900001"

    /// What is under way in a transaction that has not ended, and which of the messages to this phone must wait for it.
    struct Case: Sendable, CustomTestStringConvertible {
        var sql: String
        var waits: Set<String>
        var testDescription: String { sql }

        static let all = [
            Case(sql: "select martlet.suppress('sms', '\(phone)')", waits: ["marketing"]),
            Case(sql: "select martlet.suppress('sms', '\(phone)', 'otp')", waits: ["otp"]),
            Case(
                sql: "select martlet.suppress('sms', '\(phone)', 'all_except_otp')",
                waits: ["transactional", "notification", "marketing", "asked"]),
            Case(
                sql: "select martlet.suppress('sms', '\(phone)', 'all')",
                waits: ["otp", "transactional", "notification", "marketing", "asked"]),
            Case(sql: "select martlet.suppress('sms', '+447700900002', 'all')", waits: []),
            Case(sql: "select martlet.record_consent('\(phone)', 'sms', 'asked', 'withdrawn', 'form')", waits: ["asked"]),
            Case(sql: "select martlet.record_consent('\(phone)', 'sms', 'marketing', 'withdrawn', 'form')", waits: []),
            Case(sql: "select martlet.record_consent('+447700900002', 'sms', 'asked', 'withdrawn', 'form')", waits: []),
            Case(sql: "select martlet.cancel('spring'::text)", waits: ["notification"]),
            Case(sql: "select martlet.cancel('summer'::text)", waits: []),
            Case(sql: "select martlet.cancel((select min(id) from martlet_data.messages))", waits: ["otp"]),
            Case(
                sql: "select martlet_data.apply_keywords(array['sms'], array['\(phone)'], array['marketing'], array['STOP'])",
                waits: ["marketing", "asked"]),
            Case(
                sql: "select martlet_data.unsubscribe((select min(id) from martlet_data.messages), 'notification')",
                waits: ["notification"]),
        ]
    }

    @Test("what is under way holds up what it concerns: its address, person, group or id, and its own scope", arguments: Case.all)
    func ownOnly(_ one: Case) async throws {
        try await Shop.with { shop in
            let bench = try await Bench(shop)
            try await shop.script("select martlet.record_consent('\(Self.phone)', 'sms', 'asked', 'granted', 'form')")
            let lanes: [(String, Int16)] = [
                ("otp", 0), ("transactional", 1), ("notification", 2), ("marketing", 3), ("asked", 5),
            ]
            for (name, _) in lanes {
                try await shop.enqueue(name, to: Self.phone, arguments: name == "notification" ? "group_key => 'spring'" : "")
            }
            let other = try await shop.scratch.connect()
            try await other.execute(script: "begin; \(one.sql)", name: "open")
            try await bench.refresh()
            for (_, lane) in lanes { while try await bench.step(lane: lane) {} }
            let waiting = try await shop.texts(
                """
                select c.name from martlet_data.due d join martlet_data.messages m on m.id = d.message_id join martlet_data.classes c on c.id = m.class_id
                where d.reason = 'opt_out_in_progress'
                """)
            #expect(Set(waiting) == one.waits)
            #expect(try shop.outbox().count == lanes.count - one.waits.count)
            // Rolled back it never was, and those that waited are sent.
            try await other.execute(script: "rollback", name: "rollback")
            await other.close()
            try await shop.script("update martlet_data.due set due_at = clock_timestamp()")
            _ = try await bench.promote()
            for (_, lane) in lanes { while try await bench.step(lane: lane) {} }
            #expect(try shop.outbox().count == lanes.count)
        }
    }

    @Test("300 opt-outs in one open transaction delay none of 500 codes to others, nor other opt-outs of the same buckets")
    func many() async throws {
        try await Shop.with { shop in
            let bench = try await Bench(shop)
            try await shop.enqueueMany("otp", count: 500)
            let other = try await shop.scratch.connect()
            try await other.execute(script: "begin; \(Self.suppress(300, from: 491_000_000_000))", name: "open")
            let third = try await shop.scratch.connect()
            try await third.execute(
                script: "set statement_timeout = '20s'; \(Self.suppress(300, from: 492_000_000_000))", name: "others")
            try await bench.refresh()
            while try await bench.step(lane: 0) {}
            #expect(try await shop.number("select count(*) from martlet_data.attempts") == 500)
            await third.close()
            try await other.execute(script: "commit", name: "commit")
            await other.close()
        }
    }

    @Test(
        "a transaction with thousands of opt-outs holds a bounded number of locks, and still lets none of its people be written to"
    )
    func wide() async throws {
        try await Shop.with { shop in
            let bench = try await Bench(shop)
            try await shop.enqueueMany("marketing", count: 50, to: 491_000_002_950)
            let other = try await shop.scratch.connect()
            try await other.execute(script: "begin; \(Self.suppress(3000, from: 491_000_000_000))", name: "open")
            let locks = try await shop.number(
                "select count(*) from pg_locks where locktype = 'advisory' and pid <> pg_backend_pid() and mode = 'ExclusiveLock'"
            )
            #expect(locks <= 2048)
            try await bench.refresh()
            while try await bench.step(lane: 3) {}
            #expect(try shop.outbox().isEmpty)
            try await other.execute(script: "commit", name: "commit")
            await other.close()
            try await shop.script("update martlet_data.due set due_at = clock_timestamp()")
            _ = try await bench.promote()
            while try await bench.step(lane: 3) {}
            #expect(try await shop.states() == ["suppressed": 50])
        }
    }

    @Test("while a worker lives that looks at buckets alone, an opt-out holds its bucket to the end")
    func oldWorkers() async throws {
        try await Shop.with { shop in
            for (isOld, expected) in [(true, false), (false, true)] {
                try await shop.script("update martlet_data.sessions set sees_opt_outs = \(!isOld)")
                if isOld {
                    _ = try await shop.store.run(BeginSession(worker: "old", host: "here", pid: 1, version: "0"))
                    try await shop.script("update martlet_data.sessions set sees_opt_outs = false")
                }
                let other = try await shop.scratch.connect()
                try await other.execute(script: "begin; select martlet.suppress('sms', '\(Self.phone)')", name: "open")
                let free = "select pg_try_advisory_xact_lock_shared(7340002, martlet_data.bucket('\(Self.phone)'))::int"
                #expect(try await shop.number(free) == (expected ? 1 : 0))
                try await other.execute(script: "rollback", name: "rollback")
                await other.close()
            }
        }
    }

    @Test(
        "opt-outs in transactions that stay open for a while race admits: no attempt after the opt-out of its address",
        .timeLimit(.minutes(2)))
    func race() async throws {
        try await Shop.with { shop in
            let count = 240
            try await shop.enqueueMany("marketing", count: count)
            try await withThrowingTaskGroup(of: Void.self) { group in
                for _ in 0..<3 {
                    group.addTask {
                        let bench = try await Bench(shop)
                        repeat {
                            while try await bench.step(lane: 3, limit: 7) {}
                            try await shop.script("update martlet_data.due set due_at = clock_timestamp()")
                            _ = try await bench.promote()
                        } while try await shop.waiting() > 0
                    }
                }
                for half in 0..<2 {
                    group.addTask {
                        let other = try await shop.scratch.connect()
                        let numbers = (0..<count).filter { $0 % 2 == half }.shuffled()
                        for start in stride(from: 0, to: numbers.count, by: 8) {
                            let calls = numbers[start..<min(start + 8, numbers.count)].map {
                                "select martlet.suppress('sms', '+\(490_000_000_000 + $0)');"
                            }
                            try await other.execute(
                                script: "begin; \(calls.joined()) select pg_sleep(0.01); commit", name: "suppress",
                                within: .seconds(30))
                        }
                        await other.close()
                    }
                }
                try await group.waitForAll()
            }
            let states = try await shop.states()
            #expect((states["accepted"] ?? 0) + (states["suppressed"] ?? 0) == count, "\(states)")
            #expect(states["suppressed"] ?? 0 > 0)
            // An opt-out writes its row after it holds what it concerns and has waited for every Admit before; while it is open nothing is admitted.
            let late = """
                select count(*) from martlet_data.attempts a join martlet_data.messages m on m.id = a.message_id
                    join martlet_data.suppressions s on s.address = m.address where a.admitted_at > s.created_at
                """
            #expect(try await shop.number(late) == 0)
        }
    }

    @Test(
        "what open opt-outs cost: codes that are late, and time for each",
        .enabled(if: ProcessInfo.processInfo.environment["MARTLET_MEASURE"] != nil), .timeLimit(.minutes(5)))
    func measure() async throws {
        try await Shop.with(ShopPolicy { $0.window = 4000 }) { shop in
            for count in [0, 1, 20, 300, 0, 1, 20, 300] {
                let bench = try await Bench(shop)
                let other = try await shop.scratch.connect()
                try await other.execute(script: "begin; \(Self.suppress(max(1, count), from: 491_000_000_000))", name: "open")
                if count == 0 { try await other.execute(script: "rollback", name: "rollback") }
                try await shop.script("truncate martlet_data.due")
                try await shop.enqueueMany("otp", count: 4000)
                try await bench.refresh()
                bench.claim.resetScanPositions()
                let began = ContinuousClock.now
                while try await bench.step(lane: 0, limit: 200) {}
                let each = (ContinuousClock.now - began) / 4000
                let late = try await shop.number("select count(*) from martlet_data.due where reason = 'opt_out_in_progress'")
                print("\(count) opt-outs open: \(late) of 4000 codes late, \(each) for each from claim to record")
                try await other.execute(script: "rollback", name: "rollback")
                await other.close()
            }
        }
    }

    static func suppress(_ count: Int, from first: Int) -> String {
        "select count(martlet.suppress('sms', '+' || (\(first)::int8 + n))) from generate_series(0, \(count - 1)) n;"
    }
}
