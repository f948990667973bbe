import Domain
import Foundation
import Postgres
import Store
import TestSupport
import Testing

@testable import Postgres

@Suite("Service levels", .timeLimit(.minutes(5)))
struct ServiceLevelTests {
    /// Messages of `class`, enqueued `age` ago, `count` of them; `receipts` come `after` their enqueueing.
    private static func messages(
        _ name: String, _ age: String, from: Int = 1, count: Int = 1, scheduled: String = "null",
        receipts: [(String, after: String)] = []
    ) -> String {
        let ids =
            "(select martlet_data.first_id(clock_timestamp() - interval '\(age)') + n as id from generate_series(\(from), \(from + count - 1)) n) i"
        return """
            with ids as materialized (select * from \(ids)),
            m as (insert into martlet_data.messages (id, class_id, channel_id, recipient_key, address, template, variables, producer, created_at, expires_at, scheduled_at)
                select i.id, c.id, 1, 'k', '+4900000000', 'parcel', '{}', 'shop', martlet.created_at(i.id), now() + interval '1 day', martlet.created_at(i.id) + \(scheduled)::interval
                from ids i, martlet_data.classes c where c.name = '\(name)')
            insert into martlet_data.receipts (message_id, kind, at, attempt, provider, part)
                select i.id, r.kind, martlet.created_at(i.id) + r.after::interval, 1, 'p', case when r.kind in ('delivered', 'undelivered') then 0::int2 end
                from ids i, unnest(array[\(receipts.map { "'\($0.0)'" }.joined(separator: ", "))]::text[],
                    array[\(receipts.map { "'\($0.after)'" }.joined(separator: ", "))]::text[]) r(kind, after);

            """
    }

    private static let policy = Fixture.policy + "update martlet_data.classes set accept_within = '1 s' where name = 'otp';\n"

    private func levels(_ database: Database, since: Duration = .seconds(3600)) async throws -> [String: ClassLevels.Level] {
        Dictionary(uniqueKeysWithValues: try await database.run(ClassLevels(since: since)).map { ($0.name, $0) })
    }

    @Test("a message is within its promise, late, overdue, failed or held; hours and caps break no promise")
    func judged() async throws {
        try await ScratchDatabase.migrated { scratch, database in
            let connection = try await scratch.connect()
            let script =
                Self.messages("otp", "10 min", count: 6, receipts: [("accepted", "0.9 s"), ("delivered", "5 s")])
                + Self.messages("otp", "11 min", count: 2, receipts: [("accepted", "2 s"), ("undelivered", "5 s")])
                + Self.messages("otp", "12 min", receipts: [("deferred", "1 s"), ("expired", "300 s")])
                + Self.messages("otp", "13 min", receipts: [("postponed", "1 s"), ("accepted", "700 s")])
                + Self.messages("otp", "14 min", receipts: [("suppressed", "1 s")])
                + Self.messages("otp", "90 s", count: 1) + Self.messages("otp", "2 hours", count: 7)
                + Self.messages("transactional", "5 min", scheduled: "'4 min'", receipts: [("accepted", "241.5 s")])
                + Self.messages("transactional", "5 min", from: 9, scheduled: "'10 min'")
            try await connection.execute(script: Self.policy + script, within: .seconds(60))
            let levels = try await levels(database)
            let otp = try #require(levels["otp"])
            #expect(otp.promise == .seconds(1) && otp.messages == 12 && otp.held == 1 && otp.accepted == 8)
            #expect(otp.within == 6 && otp.overdue == 1 && otp.failed == 1)
            #expect(otp.withinShare == 0.6 && otp.acceptedShare == 0.88888)
            #expect(otp.p99Delay == .seconds(2))
            let oldest = try #require(otp.oldestWaiting)
            #expect(oldest > .seconds(89) && oldest < .seconds(150) && otp.peakDelay == oldest)
            // From when it might be sent; what may not yet be sent does not count.
            let other = try #require(levels["transactional"])
            #expect(other.messages == 1 && other.peakDelay == .milliseconds(1500) && other.oldestWaiting == nil)
            #expect(other.promise == nil && other.within == nil && other.withinShare == nil && other.acceptedShare == 1)
            let wide = try await self.levels(database, since: .seconds(3 * 3600))
            #expect(wide["otp"]?.messages == 19)
            let providers = try await database.run(ProviderLevels(since: .seconds(3600)))
            #expect(providers.map(\.name) == ["p"])
            #expect(providers[0].accepted == 10 && providers[0].delivered == 6 && providers[0].undelivered == 2)
            #expect(providers[0].deliveredShare == 0.75 && providers[0].reportedShare == 0.8)
        }
    }

    @Test("a dead letter has failed, a requeued message is judged no more; readers see it, producers do not")
    func dead() async throws {
        try await ScratchDatabase.migrated { scratch, database in
            let connection = try await scratch.connect()
            let script =
                Self.messages("otp", "10 min", receipts: [("rejected", "1 s")])
                + Self.messages("otp", "10 min", from: 9, receipts: [("requeued", "1 s"), ("accepted", "60 s")])
                    + """
                    insert into martlet_data.dead_letters (message_id, class, channel, recipient_key, address, template, reason, explanation, remedy, lane, attempt, series, message, history)
                        select min(id), 'otp', 'sms', 'k', 'a', 't', 'rejected', 'e', 'r', 0, 1, 0, '{}', '[]' from martlet_data.messages;
                    """
            try await connection.execute(script: Self.policy + script, within: .seconds(60))
            let otp = try #require(try await levels(database)["otp"])
            #expect(otp.failed == 1 && otp.held == 1 && otp.accepted == 0 && otp.overdue == 0 && otp.acceptedShare == 0)
            try await connection.execute(script: "set role martlet_reader")
            #expect(try await connection.value("select messages || ' ' || failed from martlet.slo where class = 'otp'") == "2 1")
            #expect(try await connection.value("select count(*) from martlet.provider_slo") == "1")
            try await connection.execute(script: "reset role; set role martlet_producer")
            await #expect(throws: PQError.self) { try await connection.value("select count(*) from martlet.slo") }
        }
    }

    @Test("a scheduled message keeps when it may be sent, enqueued alone or in rows")
    func scheduled() async throws {
        try await ScratchDatabase.migrated { scratch, database in
            let connection = try await scratch.connect()
            try await connection.execute(
                script: Self.policy + """
                    select martlet.enqueue('otp', 'sms', '+4900000000', 'parcel', scheduled_at => now() + interval '1 min');
                    select martlet.enqueue('otp', 'sms', '+4900000000', 'parcel', scheduled_at => now() - interval '1 min');
                    select martlet.enqueue_rows(array['otp', 'otp', 'otp'], array['sms', 'sms', 'sms'], array['+4900000000', '+4900000000', '+4900000000'],
                        array['parcel', 'parcel', 'parcel'], scheduled_at => array[(now() + interval '1 min')::text, null, (now() - interval '1 min')::text]);
                    """, within: .seconds(30))
            #expect(
                try await connection.value(
                    "select count(*) || ' ' || count(scheduled_at) || ' ' || count(*) filter (where scheduled_at > created_at) from martlet_data.messages"
                ) == "5 2 2")
            #expect(try await levels(database)["otp"]?.messages == 3)
        }
    }

    @Test("it reads the window alone, however much lies before it, without statistics, and never in the square of it")
    func bounded() async throws {
        try await ScratchDatabase.migrated { scratch, database in
            let connection = try await scratch.connect()
            let script =
                "analyze;" + Self.policy + Self.messages("otp", "5 hours", count: 100_000, receipts: [("accepted", "1 s")])
                + Self.messages("otp", "10 min", count: 500, receipts: [("accepted", "1 s")])
            try await connection.execute(script: script, within: .seconds(120))
            for function in ["slo_since", "provider_slo_since"] {
                // Of its own: what a connection has read before counts.
                let fresh = try await scratch.connect()
                let read = try await fresh.pipeline([
                    .begin, PQCall("levels", "select count(*) from martlet.\(function)('1 hour')", prepared: false),
                    PQCall(
                        "read",
                        "select sum(seq_tup_read + coalesce(idx_tup_fetch, 0))::int8 from pg_stat_xact_user_tables where schemaname = 'martlet_data'",
                        prepared: false), .rollback,
                ])[2].only.int8(0)
                #expect(read >= 500 && read < 2000, "\(function) read \(read) rows")
                await fresh.close()
            }
            let started = ContinuousClock.now
            let wide = try await levels(database, since: .seconds(6 * 3600))
            #expect(wide["otp"]?.accepted == 100_500)
            #expect(.now - started < .seconds(20))
        }
    }
}
