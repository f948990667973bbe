import Domain
import Logging
import PipelineSupport
import Store
import Telemetry
import TestSupport
import Testing

@testable import Pipeline
@testable import Worker

@Suite("Retention: everything by itself", .timeLimit(.minutes(5)))
struct RetentionTests {
    private func retention(_ shop: Shop) -> Retention {
        let logger = Logger(label: "test") { _ in SwiftLogNoOpLogHandler() }
        return Retention(
            database: shop.store, troubles: Troubles(logger: logger, meters: Meters()), meters: Meters(), logger: logger)
    }

    /// Partitions of January days of 2025, each with an expired message.
    private func oldDays(_ days: [Int], in shop: Shop) async throws {
        for day in days {
            let (from, until) = ("2025-01-\(day)Z", "2025-01-\(day + 1)Z")
            try await shop.script(
                """
                do $$ declare p text; begin
                    foreach p in array array['messages', 'attempts', 'receipts', 'message_links'] loop
                        execute format('create table martlet_data.%s_202501\(day) partition of martlet_data.%1$s for values from (%s) to (%s)', p,
                            martlet_data.first_id('\(from)'), martlet_data.first_id('\(until)'));
                        execute format('alter table martlet_data.%s_202501\(day) owner to martlet_owner', p);
                    end loop;
                    create table martlet_data.carrier_ids_202501\(day) partition of martlet_data.carrier_ids for values from ('\(from)') to ('\(until)');
                    alter table martlet_data.carrier_ids_202501\(day) owner to martlet_owner; end $$;
                insert into martlet_data.messages (id, class_id, channel_id, recipient_key, address, template, variables, producer, created_at, expires_at)
                    values (martlet_data.first_id('\(from)') + 1, 1, 1, 'k', 'a', 't', '{}', 'p', '\(from)', '\(until)')
                """)
        }
    }

    private static let dead = """
        insert into martlet_data.dead_letters (message_id, class, channel, recipient_key, address, template, reason, explanation, remedy, lane, attempt, series, message, history, died_at)
        values (martlet_data.first_id('2025-01-10Z') + 1, '', '', '', '', '', '', '', '', 0, 1, 0, '{}', '[]', clock_timestamp() - interval 'AGE')
        """

    @Test("a day that is held keeps no later one, and is told with its reason")
    func days() async throws {
        try await Shop.with { shop in
            try await oldDays([10, 11, 12], in: shop)
            try await shop.script(Self.dead.replacing("AGE", with: "1 day"))
            try await shop.script(
                "update martlet_data.messages set expires_at = 'infinity' where id = martlet_data.first_id('2025-01-12Z') + 1")
            _ = try await retention(shop).round()
            let held = try await shop.store.run(HeldDays(keep: Retention.messages))
            #expect(held.map(\.day) == ["20250110", "20250112"])
            #expect(held[0].why?.hasPrefix("dead letters kept: 1, the first is ") == true)
            #expect(held[1].why?.hasPrefix("a message has not expired before infinity") == true)
        }
    }

    @Test("a dead letter that no admin has touched for 90 days is discarded, which is written down, and its day goes")
    func deadLetters() async throws {
        try await Shop.with { shop in
            try await oldDays([10], in: shop)
            try await shop.script(Self.dead.replacing("AGE", with: "91 days"))
            let retention = retention(shop)
            // The steps come in an order: the day is looked at before. Once more, as a worker that starts.
            _ = try await retention.round()
            #expect(
                try await shop.texts("select kind || ' ' || detail from martlet_data.receipts") == [
                    "discarded kept for as long as dead letters are"
                ])
            #expect(try await shop.texts("select action || ' ' || object from martlet_data.audit") == ["discard 1 dead letters"])
            _ = try await self.retention(shop).round()
            #expect(try await shop.store.run(OldDays(keep: Retention.messages)).isEmpty)
        }
    }

    @Test("cancellations, requeues, sessions and cap usage go when nothing can need them, and not before")
    func tables() async throws {
        try await Shop.with { shop in
            let id = try await shop.enqueue("marketing", to: "+447700900001")
            let hit = { (ago: String) in
                "int8send(1) || int8send(((extract(epoch from clock_timestamp() - interval '\(ago)')) * 1000000)::int8) || int2send(1::int2) || int2send(1::int2) || int2send(1::int2) || int2send(0::int2)"
            }
            try await shop.script(
                """
                insert into martlet_data.cancellations (message_id, cancelled_at) values (1, now() - interval '36 days'), (2, now()), (\(id), now() - interval '36 days');
                insert into martlet_data.group_cancellations (group_key, producer, cancelled_at) values ('old', '*', now() - interval '36 days'), ('new', '*', now());
                insert into martlet_data.requeues (message_id, series, expires_at, why, requeued_at)
                    values (1, 1, now(), 'x', now() - interval '36 days'), (\(id), 1, now(), 'x', now() - interval '36 days');
                insert into martlet_data.sessions (id, worker, host, pid, version, beat_at)
                    values (1, 'old', 'h', 1, '1', now() - interval '36 days'), (2, 'holds', 'h', 1, '1', now() - interval '36 days'), (3, 'newest', 'h', 1, '1', now() - interval '36 days');
                insert into martlet_data.leased (slot, message_id, lane, attempt, burned, resends, deaths, series, session, claim, deadline) values (1, 1, 0, 0, 0, 0, 0, 0, 2, 1, now());
                insert into martlet_data.cap_usage (recipient_key, hits) values ('long gone', \(hit("40 days"))), ('of late', \(hit("40 days")) || \(hit("1 day"))), ('none', '');
                """)
            _ = try await retention(shop).round()
            #expect(
                try await shop.texts("select message_id::text from martlet_data.cancellations order by message_id") == [
                    "2", "\(id)",
                ])
            #expect(try await shop.texts("select group_key from martlet_data.group_cancellations") == ["new"])
            #expect(try await shop.texts("select message_id::text from martlet_data.requeues") == ["\(id)"])
            #expect(try await shop.texts("select worker from martlet_data.sessions order by id") == ["holds", "newest"])
            #expect(try await shop.texts("select recipient_key from martlet_data.cap_usage") == ["of late"])
        }
    }

    @Test("the known time zones follow the server's")
    func zones() async throws {
        try await Shop.with { shop in
            try await shop.script(
                "delete from martlet_data.time_zones where name = 'Asia/Tokyo'; insert into martlet_data.time_zones values ('Mars/Olympus')"
            )
            #expect(try await shop.store.run(QueueFacts()).missingTimeZones == 2)
            try await retention(shop).refreshTimeZones(now: .now + .seconds(3600))
            #expect(try await shop.store.run(QueueFacts()).missingTimeZones == 0)
            #expect(
                try await shop.number("select count(*) from martlet_data.time_zones where name in ('Asia/Tokyo', 'Mars/Olympus')")
                    == 1)
        }
    }

    @Test("a step that fails keeps no other from its turn")
    func steps() async throws {
        try await Shop.with { shop in
            try await shop.script(
                """
                drop table martlet_data.idempotency_keys;
                insert into martlet_data.cancellations (message_id, cancelled_at) values (1, now() - interval '36 days')
                """)
            _ = try await retention(shop).round()
            #expect(try await shop.number("select count(*) from martlet_data.cancellations") == 0)
        }
    }
}
