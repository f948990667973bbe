import Domain
import PipelineSupport
import Postgres
import StageSupport
import Store
import TestSupport
import Testing
import Transports

@testable import Pipeline
@testable import Worker

/// A number that jsonb cannot hold is what one message has that the database refuses wherever it is copied. Doors refuse it; one that is in the
/// table all the same (of a version before, or by hand) must harm no other.
@Suite("One bad message stops no other", .timeLimit(.minutes(5)))
struct OneBadMessageTests {
    private static let bad = #"{"text": "hello", "n": 1e1000000}"#

    private func spoil(_ id: Int64, in shop: Shop) async throws {
        try await shop.script("update martlet_data.messages set variables = '\(Self.bad)' where id = \(id)")
    }

    @Test("refused by Render it is a dead letter without a body, and those claimed with it are what they would be without it")
    func refusedByRender() async throws {
        try await Shop.with { shop in
            let bench = try await Bench(shop)
            let bad = try await shop.enqueue("marketing", to: "+447700900001")
            for number in 2...4 {
                try await shop.enqueue(
                    "marketing", to: "+44770090000\(number)", variables: #"{"other": "x"}"#, arguments: "check_template => false")
            }
            try await shop.enqueue("marketing", to: "+447700900005")
            try await shop.script("update martlet_data.messages set variables = '{\"n\": 1e1000000}' where id = \(bad)")
            try await bench.refresh()
            while try await bench.step(lane: 3) {}
            #expect(try await shop.states() == ["dead:required_variable": 4, "accepted": 1])
            #expect(
                try await shop.texts(
                    "select concat_ws(' ', message_id = \(bad), message -> 'variables', message ->> 'address') from martlet_data.dead_letters order by message_id"
                ) == ["t {} +447700900001"] + (2...4).map { "f {\"other\": \"x\"} +44770090000\($0)" })
            #expect(try await shop.waiting() == 0)
        }
    }

    @Test("refused by its provider it is a dead letter without a body, and the other answers are written down")
    func refusedByProvider() async throws {
        try await Shop.with(ShopPolicy { $0.rules = "+447700900001 reject" }) { shop in
            let bench = try await Bench(shop)
            let bad = try await shop.enqueue("marketing", to: "+447700900001")
            for number in 2...9 { try await shop.enqueue("marketing", to: "+44770090000\(number)") }
            try await spoil(bad, in: shop)
            try await bench.refresh()
            let recording = Task { await bench.pipeline.record.run() }
            defer { recording.cancel() }
            while let batch = try await bench.claim.take(lane: 3, limit: 50) { try await bench.process(batch) }
            try await shop.settle(within: .seconds(30))
            #expect(try await shop.states() == ["dead:rejected_recipient": 1, "accepted": 8])
            #expect(try await shop.texts("select message ->> 'variables' from martlet_data.dead_letters") == ["{}"])
        }
    }

    @Test("left by a dead worker it is a dead letter without a body, and what the worker held with it is rescued")
    func rescued() async throws {
        try await Shop.with { shop in
            let (dead, living) = (try await Bench(shop), try await Bench(shop))
            let bad = try await shop.enqueue("marketing", to: "+447700900001")
            for number in 2...6 { try await shop.enqueue("marketing", to: "+44770090000\(number)") }
            try await spoil(bad, in: shop)
            // Two workers have died with it before: the third makes it a dead letter.
            try await shop.script("update martlet_data.ready set deaths = 2 where message_id = \(bad)")
            try await dead.refresh()
            #expect(try await dead.claim.take(lane: 3, limit: 50)?.messages.count == 6)
            try await shop.script(
                "update martlet_data.sessions set beat_at = clock_timestamp() - interval '11 seconds' where id = \(dead.shared.session)"
            )
            let moved = try await Rescue(shared: living.shared, database: shop.store).round()
            #expect(moved == ["poison": 1, "ready": 5])
            #expect(try await shop.number("select count(*) from martlet_data.leased") == 0)
            #expect(try await shop.texts("select message ->> 'variables' from martlet_data.dead_letters") == ["{}"])
        }
    }

    @Test("a session that cannot be rescued keeps no other from it, is told once, and is left alone for a while")
    func brokenSession() async throws {
        try await Shop.with { shop in
            let (first, second, living) = (try await Bench(shop), try await Bench(shop), try await Bench(shop))
            try await shop.enqueueMany("marketing", count: 4)
            try await first.refresh()
            _ = try await first.claim.take(lane: 3, limit: 2)
            try await second.refresh()
            _ = try await second.claim.take(lane: 3, limit: 2)
            try await shop.script(
                """
                create function martlet_data.refuse() returns trigger language plpgsql as $$ begin raise exception 'no' using errcode = '53100'; end $$;
                create trigger refuse before update on martlet_data.sessions for each row when (new.id = \(first.shared.session) and new.fenced_at is not null)
                    execute function martlet_data.refuse();
                update martlet_data.sessions set beat_at = clock_timestamp() - interval '11 seconds' where id in (\(first.shared.session), \(second.shared.session))
                """)
            let rescue = Rescue(shared: living.shared, database: shop.store)
            #expect(try await rescue.round() == ["ready": 2])
            #expect(!rescue.troubles.isDue("rescue session \(first.shared.session)"))
            #expect(rescue.troubles.isDue("rescue session \(second.shared.session)"))
            #expect(rescue.troubles.isDue("rescue session \(first.shared.session)", now: .now + .seconds(2)))
        }
    }

    @Test("what was cancelled or has expired ends as that, although Render would refuse it")
    func overBeforeRender() async throws {
        try await Shop.with { shop in
            let bench = try await Bench(shop)
            let refused = #"{"other": "x"}"#
            let one = try await shop.enqueue(
                "marketing", to: "+447700900001", variables: refused, arguments: "check_template => false")
            try await shop.enqueue(
                "marketing", to: "+447700900002", variables: refused, arguments: "group_key => 'g', check_template => false")
            let old = try await shop.enqueue(
                "marketing", to: "+447700900003", variables: refused, arguments: "check_template => false")
            try await shop.enqueue("marketing", to: "+447700900004", variables: refused, arguments: "check_template => false")
            _ = try await shop.texts("select martlet.cancel(\(one)) || martlet.cancel('g'::text)")
            try await shop.script("update martlet_data.messages set expires_at = clock_timestamp() where id = \(old)")
            try await bench.refresh()
            while try await bench.step(lane: 3) {}
            #expect(try await shop.states() == ["cancelled": 2, "expired": 1, "dead:required_variable": 1])
            #expect(try await shop.number("select count(*) from martlet_data.receipts where kind = 'cancelled'") == 2)
        }
    }

    @Test(
        "the last attempt that there is ends as a dead letter, and kills neither the worker nor who rescues",
        arguments: [32_766, 32_767])
    func lastAttempt(attempt: Int) async throws {
        try await Shop.with { shop in
            let (dead, living) = (try await Bench(shop), try await Bench(shop))
            try await shop.enqueue("marketing", to: "+447700900001")
            try await shop.script("update martlet_data.ready set attempt = \(attempt), burned = 32767, resends = 32767")
            try await dead.refresh()
            let batch = try #require(try await dead.claim.take(lane: 3, limit: 1))
            let lease = batch.messages[0].lease
            #expect(
                try await TakeBack(shared: dead.shared, database: shop.store).takeBack(claim: lease.claim, session: lease.session)
                    == 1)
            try await dead.refresh()
            dead.claim.resetScanPositions()
            _ = try #require(try await dead.claim.take(lane: 3, limit: 1))
            try await shop.script(
                "update martlet_data.sessions set beat_at = clock_timestamp() - interval '11 seconds' where id = \(dead.shared.session)"
            )
            #expect(try await Rescue(shared: living.shared, database: shop.store).round() == ["ready": 1])
            try await living.refresh()
            #expect(try await living.step(lane: Claim.quarantineLane, limit: 1))
            #expect(try await shop.states() == ["dead:too_many_attempts": 1])
            #expect(try shop.outbox().isEmpty)
        }
    }

    @Test("an answer whose COMMIT was lost is not written a second time; one that was not committed is")
    func lostCommit() async throws {
        try await Shop.with(ShopPolicy { $0.rules = "+447700900001 reject" }) { shop in
            let bench = try await Bench(shop)
            try await shop.enqueue("marketing", to: "+447700900001")
            try await shop.enqueue("marketing", to: "+447700900002")
            try await bench.refresh()
            while let batch = try await bench.claim.take(lane: 3, limit: 50) { try await bench.process(batch) }
            var taken: [(SubmissionResult, Work)] = []
            try await eventually(within: .seconds(10), "both are answered") {
                taken += await bench.results.take(500, timeout: .milliseconds(100))
                return taken.count == 2
            }
            let record = Record(shared: bench.shared, database: shop.store)
            #expect(try await record.recorded(taken).isEmpty)
            let rejected = taken.filter { $0.0.outcome.name == "rejected" }
            _ = try await record.record(rejected)
            let known = try await record.recorded(taken)
            #expect(known == Set(rejected.map { .init(messageID: $1.message.id, attempt: $1.attempt) }) && known.count == 1)
        }
    }

    @Test("a follow-up that cannot be decided is refused, and the others are decided")
    func followUps() async throws {
        try await Shop.with { shop in
            let bench = try await Bench(shop)
            for number in 1...5 {
                let id = try await shop.enqueue("transactional", to: "ann\(number)@example.com", channel: "email")
                try await shop.script(
                    """
                    select martlet.follow_up(\(id), 'not_opened', 'sms', '+44770090000\(number)', '1 hour');
                    insert into martlet_data.receipts (message_id, kind, attempt, at) values (\(id), 'accepted', 1, clock_timestamp() - interval '2 hours');
                    """)
            }
            try await shop.script(
                """
                update martlet_data.follow_ups set due_at = clock_timestamp() - interval '1 hour';
                create function martlet_data.refuse() returns trigger language plpgsql as $$ begin raise exception 'no' using errcode = '22003'; end $$;
                create trigger refuse before insert on martlet_data.messages for each row when (new.address = '+447700900003') execute function martlet_data.refuse();
                """)
            let maintenance = bench.maintenance
            while try await maintenance.decideFollowUps() {}
            #expect(
                try await shop.texts("select concat_ws(' ', address, state, why) from martlet_data.follow_ups order by address")
                    == (1...5).map { "+44770090000\($0) " + ($0 == 3 ? "refused data_error" : "sent not_opened") })
        }
    }

    @Test("a follow-up's place in its lane is the sequence's, also beyond the 16 bits that an id has")
    func followUpPosition() async throws {
        try await Shop.with { shop in
            let bench = try await Bench(shop)
            try await shop.script("select setval('martlet_data.message_seq', 5000000)")
            let id = try await shop.enqueue("transactional", to: "ann@example.com", channel: "email")
            try await bench.refresh()
            #expect(try await bench.step(lane: 1))
            try await shop.script(
                """
                select martlet.follow_up(\(id), 'not_opened', 'sms', '+447700900001', '1 hour');
                update martlet_data.follow_ups set due_at = clock_timestamp() - interval '1 hour';
                update martlet_data.receipts set at = clock_timestamp() - interval '2 hours';
                """)
            _ = try await bench.maintenance.decideFollowUps()
            try await bench.refresh()
            #expect(try await shop.number("select min(seq) from martlet_data.ready") > 5_000_000)
            #expect(try await bench.step(lane: 1), "it is found ahead of the hint, not by the sweep")
            #expect(try shop.outbox().map(\.to).contains("+447700900001"))
        }
    }

    @Test("a part whose due messages cannot be promoted keeps no other from it")
    func promotion() async throws {
        try await Shop.with { shop in
            let bench = try await Bench(shop)
            try await shop.script(
                """
                select martlet_data.add_segment('due', 0::smallint);
                insert into martlet_data.due (slot, due_at, message_id, lane, reason) values (1, now(), 1, 3, 'x'), (2, now(), 2, 3, 'x'), (3, now(), 3, 3, 'x');
                create function martlet_data.refuse() returns trigger language plpgsql as $$ begin raise exception 'no' using errcode = '58030'; end $$;
                create trigger refuse before delete on martlet_data.due_2 for each row execute function martlet_data.refuse();
                """)
            try await bench.refresh()
            _ = try await bench.maintenance.promote()
            #expect(try await shop.texts("select message_id::text from martlet_data.ready order by 1") == ["1", "3"])
            #expect(try await shop.texts("select message_id::text from martlet_data.due") == ["2"])
        }
    }

    @Test("a part that cannot be given back keeps no other from it")
    func rotation() async throws {
        try await Shop.with { shop in
            let bench = try await Bench(shop)
            // Two closed, empty ones of lane 7; of the first the table is gone.
            try await shop.script(
                """
                do $$ declare slot int; begin
                    for i in 1..2 loop
                        perform martlet_data.advance_segment('ready', 7::smallint);
                        perform martlet_data.advance_segment('ready', 7::smallint);
                    end loop;
                    select min(s.slot) into slot from martlet_data.segments s where s.kind = 'ready' and s.lane = 7 and not s.is_free;
                    execute format('drop table martlet_data.ready_%s', slot);
                end $$
                """)
            let before = try await shop.number(
                "select count(*) from martlet_data.segments where kind = 'ready' and lane = 7 and not is_free")
            #expect(before > 2)
            _ = try await bench.maintenance.rotate()
            #expect(
                try await shop.number(
                    "select count(*) from martlet_data.segments where kind = 'ready' and lane = 7 and not is_free") == 2,
                "the current one, and the one without a table")
        }
    }
}
