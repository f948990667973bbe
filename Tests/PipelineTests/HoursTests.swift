import PipelineSupport
import Postgres
import StageSupport
import Store
import TestSupport
import Testing

@testable import Pipeline

@Suite("Quiet hours")
struct HoursTests {
    @Test("end at the wall clock's hour over both changes of the clock, and midnight is inside")
    func daylightSaving() async throws {
        // Instant, zone, from, until, and when it is not quiet any more (UTC).
        let table: [(String, String, Int, Int, String)] = [
            ("2026-03-28 23:00+00", "Europe/London", 1320, 480, "2026-03-29 07:00:00+00"),  // the night with 23 hours
            ("2026-10-24 22:00+00", "Europe/London", 1320, 480, "2026-10-25 08:00:00+00"),  // the night with 25
            ("2026-03-29 00:59+00", "Europe/London", 60, 120, "2026-03-29 00:59:00+00"),  // 00:59: not yet quiet
            ("2026-03-29 01:00+00", "Europe/London", 60, 120, "2026-03-29 01:00:00+00"),  // the whole window does not exist
            ("2026-10-25 00:30+00", "Europe/London", 60, 120, "2026-10-25 02:00:00+00"),  // 01:30 comes twice
            ("2026-10-25 01:30+00", "Europe/London", 60, 120, "2026-10-25 02:00:00+00"),
            ("2026-06-01 15:00+00", "Asia/Shanghai", 1320, 480, "2026-06-02 00:00:00+00"),
            ("2026-06-01 13:59+00", "Asia/Shanghai", 1320, 480, "2026-06-01 13:59:00+00"),
            ("2026-06-01 00:00+00", "Asia/Shanghai", 1320, 480, "2026-06-01 00:00:00+00"),
            ("2026-04-04 15:00+00", "Australia/Lord_Howe", 0, 150, "2026-04-04 16:00:00+00"),  // half an hour back at 02:00
            ("2026-06-01 12:00+00", "UTC", 600, 600, "2026-06-01 12:00:00+00"),
        ]
        try await Shop.with { shop in
            for (at, zone, from, until, expected) in table {
                let found = try await shop.texts(
                    "select (martlet_data.outside_quiet('\(at)', '\(zone)', \(from), \(until)) at time zone 'UTC')::text || '+00'"
                )
                #expect(found == [expected], "\(at) in \(zone)")
            }
        }
    }

    @Test("hold a message until their end, spread out; or end it when it would not live to see it", .timeLimit(.minutes(2)))
    func held() async throws {
        // Quiet now in London, whatever the hour is.
        try await Shop.with { shop in
            let minute = try await shop.number(
                "select extract(hour from now() at time zone 'Europe/London') * 60 + extract(minute from now() at time zone 'Europe/London')"
            )
            func clock(_ minutes: Int) -> String {
                let minutes = (minutes + 1440) % 1440
                return "\(minutes / 60 < 10 ? "0" : "")\(minutes / 60):\(minutes % 60 < 10 ? "0" : "")\(minutes % 60)"
            }
            try await shop.apply(ShopPolicy { $0.quietHours = "\(clock(minute - 60))-\(clock(minute + 120))" })
            let bench = try await Bench(shop)
            try await shop.enqueueMany("night", count: 40)
            try await shop.enqueue("night", to: "+447700900001", arguments: "expires_at => now() + interval '30 minutes'")
            try await shop.enqueue("night", to: "+447700900002", arguments: "time_zone => 'Pacific/Auckland'")
            try await bench.refresh()
            while try await bench.step(lane: 4) {}
            #expect(try shop.outbox().map(\.to) == ["+447700900002"])
            #expect(try await shop.states() == ["due": 40, "expired": 1, "accepted": 1])
            let spread =
                "from (select extract(epoch from due_at - clock_timestamp()) / 60 as m from martlet_data.due where reason = 'quiet_hours') d"
            #expect(try await shop.number("select min(m) \(spread)") >= 118)
            #expect(try await shop.number("select max(m) \(spread)") <= 151)
            #expect(try await shop.number("select max(m) - min(m) \(spread)") >= 15)
        }
    }

    @Test("a class that asks for consent sends only with it")
    func consent() async throws {
        try await Shop.with { shop in
            let bench = try await Bench(shop)
            for (number, status) in [(1, "granted"), (2, "pending"), (3, "withdrawn")] {
                try await shop.script(
                    "select martlet.record_consent('+44770090000\(number)', 'sms', 'asked', 'granted', 'form'); select martlet.record_consent('+44770090000\(number)', 'sms', 'asked', '\(status)', 'form')"
                )
            }
            for number in 1...4 { try await shop.enqueue("asked", to: "+44770090000\(number)") }
            try await bench.refresh()
            while try await bench.step(lane: 5) {}
            #expect(try shop.outbox().map(\.to) == ["+447700900001"])
            let codes = try await shop.texts("select code from martlet_data.receipts where kind = 'suppressed' order by 1")
            #expect(codes == ["consent_pending", "consent_withdrawn", "no_consent"])
        }
    }
}
