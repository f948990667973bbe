import Domain
import Postgres
import Store
import TestSupport
import Testing

@Suite("Kept counts of reports", .timeLimit(.minutes(5)))
struct ReportCountTests {
    /// The same figures by the kept counts and by reading everything, for one scope; differing rows.
    private static let difference = """
        create function differing(t timestamptz, g text, c text) returns bigint language sql as $$ select
            (select count(*) from (
                (select class_name, messages, accepted, delivered, undelivered, waiting, suppressed, capped, expired, cancelled, dead, clicked, opened
                    from martlet.report(t, g, c) where provider is null
                except select class_name, messages, accepted, delivered, undelivered, waiting, suppressed, capped, expired, cancelled, dead, clicked, opened
                    from martlet.report_messages(t, g, c))
                union all
                (select class_name, messages, accepted, delivered, undelivered, waiting, suppressed, capped, expired, cancelled, dead, clicked, opened
                    from martlet.report_messages(t, g, c)
                except select class_name, messages, accepted, delivered, undelivered, waiting, suppressed, capped, expired, cancelled, dead, clicked, opened
                    from martlet.report(t, g, c) where provider is null)) a)
            + (select count(*) from (
                (select class_name, provider, currency, accepted, delivered, undelivered, waiting, segments, cost_micros, waiting_micros, unpriced
                    from martlet.report(t, g, c) where provider is not null
                except select class_name, provider, currency, accepted, delivered, undelivered, in_doubt, segments, cost_micros, in_doubt_micros, unpriced
                    from martlet.report_costs(t, g, c))
                union all
                (select class_name, provider, currency, accepted, delivered, undelivered, in_doubt, segments, cost_micros, in_doubt_micros, unpriced
                    from martlet.report_costs(t, g, c)
                except select class_name, provider, currency, accepted, delivered, undelivered, waiting, segments, cost_micros, waiting_micros, unpriced
                    from martlet.report(t, g, c) where provider is not null)) b)
            + (select count(*) from (
                (select * from martlet.report_opt_outs(t, g, c) except select class_name, opted_out from martlet.report_messages(t, g, c) where opted_out > 0)
                union all
                (select class_name, opted_out from martlet.report_messages(t, g, c) where opted_out > 0 except select * from martlet.report_opt_outs(t, g, c))) o)
            $$;
        """

    /// Messages of the last day and a half, and some that lie where no day has a partition.
    private static let messages = """
        insert into martlet_data.messages (id, class_id, channel_id, recipient_key, address, template, group_key, variables, producer, created_at, expires_at)
            select martlet_data.first_id(now() - make_interval(secs => 3 + random() * 120000)) + n, (select min(id) from martlet_data.classes) + n % 2, 1,
                'k' || n, '+4915' || lpad((n % 400)::text, 8, '0'), 'parcel', case when n % 3 = 0 then 'g' || n % 5 end, '{}', 'shop', now(), now() + interval '1 day'
            from generate_series(1, 1500) n on conflict do nothing;
        insert into martlet_data.messages_default (id, class_id, channel_id, recipient_key, address, template, variables, producer, created_at, expires_at)
            select 1000 + n, (select min(id) from martlet_data.classes), 1, 'k', '+49', 'parcel', '{}', 'shop', now(), now() from generate_series(1, 5) n;
        """

    /// Something happens to some of them, as it does to messages: also what is not an insert.
    private static func events(_ seed: Int) -> String {
        func some(_ every: Int) -> String { "abs(hashint8(id + \(seed))) % \(every) = 0" }
        let letters =
            "message_id, class, channel, recipient_key, address, template, reason, explanation, remedy, lane, attempt, series, message, history"
        return """
            insert into martlet_data.attempts (message_id, attempt, provider, session, admitted_at, send_by, template_version, segments, cost_micros, currency)
                select id, 1 + abs(hashint8(id + \(seed))) % 3, 'p' || id % 2, 1, clock_timestamp(), now(), 1, 2,
                    case when id % 5 > 0 then 1000 + id % 7 end, case when id % 5 > 0 then 'EUR' end
                from martlet_data.messages where \(some(3)) on conflict do nothing;
            insert into martlet_data.receipts (message_id, kind, attempt)
                select id, (array['accepted', 'deferred', 'delivered', 'undelivered', 'rejected', 'unknown', 'clicked', 'opened'])[1 + abs(hashint8(id * 7 + \(seed))) % 8],
                    1 + abs(hashint8(id + \(seed))) % 3 from martlet_data.messages where \(some(4));
            insert into martlet_data.receipts (message_id, kind, code)
                select id, (array['suppressed', 'capped', 'expired', 'cancelled', 'requeued'])[1 + abs(hashint8(id * 5 + \(seed))) % 5], 'x'
                from martlet_data.messages where \(some(15));
            delete from martlet_data.dead_letters where \(some(4).replacing("id", with: "message_id"));
            insert into martlet_data.dead_letters (\(letters))
                select id, 'otp', 'sms', 'k', address, 'parcel', 'r', 'e', 'r', 1, 1, 0, '{}', '[]' from martlet_data.messages m where \(some(11)) on conflict do nothing;
            update martlet_data.messages set variables = '{"erased": 1}' where \(some(9));
            update martlet_data.attempts set budgets = null where \(some(6).replacing("id", with: "message_id"));
            insert into martlet_data.suppressions (channel, address, scope, reason) select 'sms', address, 'marketing', 'opt_out' from martlet_data.messages
                where \(some(40)) on conflict do nothing;
            """
    }

    @Test(
        "say what reading everything says, whatever happens between two counts, and whichever worker counts",
        arguments: [1, 2, 3])
    func equal(seed: Int) async throws {
        try await ScratchDatabase.migrated { scratch, database in
            let connection = try await scratch.connect()
            try await connection.execute(script: Fixture.policy + Self.messages + Self.difference, within: .seconds(60))
            func check(_ when: String) async throws {
                for scope in [
                    "now() - interval '40 hours', null, null", "now() - interval '7 hours 3 minutes', null, 'otp'",
                    "now() - interval '31 hours', 'g3', null",
                    "now() - interval '1 second', null, null", "'2025-01-01Z', null, null",
                ] {
                    #expect(try await connection.value("select differing(\(scope))") == "0", "\(when): \(scope)")
                }
            }
            for round in 0..<5 {
                try await connection.execute(script: Self.events(seed * 100 + round), within: .seconds(60))
                try await check("round \(round), before counting")
                // Some days are counted, some are not; what began a minute ago is over.
                for day in try await database.run(DaysToCount()) where round != 2 || day.hasSuffix("0") || day.hasSuffix("1") {
                    _ = try await database.run(CountDay(day: day), within: .seconds(60))
                }
                try await check("round \(round), after counting")
                try await connection.execute(
                    script:
                        "update martlet_data.report_days set asked_at = clock_timestamp() + interval '60 s', counted_at = counted_at - interval '1 hour'"
                )
            }
            // A transaction of another database that is under way, such as another test's, is waited for.
            try await eventually(within: .seconds(60), "what is there is counted") {
                try await Self.count(connection, database)
                return try await connection.value("select count(*) > 100 from martlet_data.report_counts") == "true"
            }
            try await check("at last")
            try await connection.execute(script: Self.events(seed * 100 + 50), within: .seconds(60))
            try await check("counted, and more came")
            #expect(
                try await connection.value(
                    "select count(*) from martlet_data.report_counts where least(messages, accepted, delivered, undelivered, dead, segments) < 0"
                ) == "0")
        }
    }

    /// Counts every day that was begun, as if the last time were a minute ago.
    private static func count(_ connection: PQConnection, _ database: Database) async throws {
        try await connection.execute(script: "update martlet_data.report_days set asked_at = clock_timestamp() + interval '60 s'")
        let days = try await connection.query(
            PQCall("days", "select to_char(day, 'YYYY-MM-DD') from martlet_data.report_days") { _ in })
        for day in days { _ = try await database.run(CountDay(day: try day.text(0)), within: .seconds(60)) }
    }

    @Test("a transaction that is still open is counted when it has ended, not before and not never")
    func openTransaction() async throws {
        try await ScratchDatabase.migrated { scratch, database in
            let connection = try await scratch.connect()
            let slow = try await scratch.connect()
            try await connection.execute(script: Fixture.policy + Self.messages + Self.difference, within: .seconds(60))
            func count() async throws { try await Self.count(connection, database) }
            for day in try await database.run(DaysToCount()) { _ = try await database.run(CountDay(day: day)) }
            try await count()
            try await slow.execute(
                script:
                    "begin; insert into martlet_data.receipts (message_id, kind, attempt) select id, 'accepted', 1 from martlet_data.messages;"
            )
            try await count()
            let scope = "'2025-01-01Z', null, null"
            #expect(try await connection.value("select differing(\(scope))") == "0")
            // Others write and are counted meanwhile, with higher numbers of transactions.
            try await connection.execute(script: Self.events(7), within: .seconds(60))
            try await count()
            #expect(try await connection.value("select differing(\(scope))") == "0")
            try await slow.execute(script: "commit")
            #expect(try await connection.value("select differing(\(scope))") == "0")
            try await eventually(within: .seconds(60), "what the long transaction wrote is counted") {
                try await count()
                return try await connection.value(
                    "select coalesce(sum(accepted), 0) > 1000 from martlet_data.report_counts where provider = ''") == "true"
            }
            #expect(try await connection.value("select differing(\(scope))") == "0")
            #expect(
                try await connection.value("select sum(accepted) > 1000 from martlet_data.report_counts where provider = ''")
                    == "true")
        }
    }

    @Test("what was restored on another server is counted anew, and a day that is dropped takes its counts along")
    func anew() async throws {
        try await ScratchDatabase.migrated { scratch, database in
            let connection = try await scratch.connect()
            try await connection.execute(
                script: Fixture.policy + Self.messages + Self.difference + Self.events(5), within: .seconds(60))
            for _ in 0..<2 {
                for day in try await database.run(DaysToCount()) { _ = try await database.run(CountDay(day: day)) }
                try await connection.execute(
                    script:
                        "update martlet_data.report_days set asked_at = clock_timestamp() + interval '60 s', counted_at = '2025-01-01Z'"
                )
            }
            try await connection.execute(
                script:
                    "update martlet_data.report_days set origin = 'elsewhere'; update martlet_data.report_counts set messages = 4711"
            )
            #expect(
                try await connection.value("select differing('2025-01-01Z', null, null)") == "0",
                "counts of elsewhere are not used")
            for day in try await database.run(DaysToCount()) { _ = try await database.run(CountDay(day: day)) }
            #expect(try await connection.value("select count(*) from martlet_data.report_counts where messages = 4711") == "0")
            try await connection.execute(
                script:
                    "update martlet_data.messages set expires_at = now() - interval '1 day'; delete from martlet_data.dead_letters"
            )
            let yesterday = "(now() at time zone 'UTC')::date - 1"
            #expect(try await connection.value("select martlet_data.drop_partitions(\(yesterday))") == "dropped")
            #expect(try await connection.value("select count(*) from martlet_data.report_days where day = \(yesterday)") == "0")
            #expect(try await connection.value("select differing('2025-01-01Z', null, null)") == "0")
        }
    }
}
