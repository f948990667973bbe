import Domain
import Postgres
import Store
import TestSupport
import Testing

@Suite("What was sent, what it cost, what was never reported", .timeLimit(.minutes(5)))
struct UsageTests {
    /// One attempt of a message that was enqueued `age` ago, with its receipts, half a second after each other.
    private struct Sent {
        var number: Int
        var age = "10 min"
        var attempt = 1
        var group = "spring"
        var name = "marketing"
        var provider = "p"
        var cost: String? = "1000"
        var currency = "EUR"
        var receipts: [String] = []

        /// - Parameter isFirst: the message is made too.
        func sql(isFirst: Bool = true) -> String {
            let id = "(martlet_data.first_id(date_trunc('minute', clock_timestamp()) - interval '\(age)') + \(number))"
            let message = """
                insert into martlet_data.messages (id, class_id, channel_id, recipient_key, address, template, group_key, variables, producer, created_at, expires_at)
                    select \(id), c.id, h.id, 'k\(number)', '+49\(number)', 'parcel', '\(group)', '{}', 'shop', martlet.created_at(\(id)), now() + interval '1 day'
                    from martlet_data.classes c, martlet_data.channels h where c.name = '\(name)' and h.name = 'sms';

                """
            let attempts = """
                insert into martlet_data.attempts (message_id, attempt, provider, session, admitted_at, send_by, template_version, segments, cost_micros, currency)
                    select \(id), \(attempt), '\(provider)', 1, martlet.created_at(\(id)), now(), 1, 2, \(cost ?? "null"), \(cost == nil ? "null" : "'\(currency)'");

                """
            return (isFirst ? message : "") + attempts
                + receipts.enumerated().map { index, kind in
                    "insert into martlet_data.receipts (message_id, at, kind, attempt, provider, part) select \(id), martlet.created_at(\(id)) + interval '\(index + 1) s' / 2, '\(kind)', \(attempt), '\(provider)', \(["delivered", "undelivered"].contains(kind) ? "0" : "null");\n"
                }.joined()
        }
    }

    private static let sent = [
        Sent(number: 1, receipts: ["accepted", "delivered"]), Sent(number: 2, receipts: ["accepted", "undelivered"]),
        Sent(number: 3, receipts: ["accepted"]), Sent(number: 4, receipts: ["rejected"]), Sent(number: 5, receipts: ["unknown"]),
        // In doubt, but a receipt came: it was taken, and is paid.
        Sent(number: 6, receipts: ["unknown", "delivered"]), Sent(number: 7), Sent(number: 8, cost: nil, receipts: ["accepted"]),
        Sent(number: 9, group: "summer", name: "otp", provider: "q", currency: "CNY", receipts: ["accepted"]),
    ]

    private func fill(_ connection: PQConnection) async throws {
        let script =
            Fixture.policy + Self.sent.map { $0.sql() }.joined()
            // The first in doubt is sent again and accepted: paid once for certain.
            + Sent(number: 5, attempt: 2, receipts: ["accepted"]).sql(isFirst: false)
                + """
                insert into martlet_data.suppressions (channel, address, scope, reason, created_at) values
                    ('sms', '+491', 'marketing', 'opt_out_text', now() - interval '5 min'), ('sms', '+492', 'all', 'hard_bounce', now()),
                    ('sms', '+493', 'marketing', 'opt_out', now() - interval '1 day'), ('sms', '+499', 'marketing', 'opt_out', now()), ('email', '+498', 'marketing', 'opt_out', now());
                """
        try await connection.execute(script: script, within: .seconds(60))
    }

    @Test("what carriers bill is what they accepted: refused is not paid, a resend is paid again, doubt is shown apart")
    func bills() async throws {
        try await ScratchDatabase.migrated { scratch, database in
            try await fill(try await scratch.connect())
            let now = try await database.run(CurrentRights()).now
            let usage = try await database.run(ProviderUsage(since: now - .seconds(3600)))
            #expect(usage.map { "\($0.provider) \($0.currency ?? "-")" } == ["p EUR", "p -", "q CNY"])
            let euro = usage[0]
            #expect(
                euro.sent == 8 && euro.accepted == 5 && euro.delivered == 2 && euro.undelivered == 1 && euro.refused == 1
                    && euro.inDoubt == 2)
            #expect(euro.segments == 10 && euro.costMicros == 5000 && euro.inDoubtMicros == 2000)
            #expect(usage[1].accepted == 1 && usage[1].costMicros == 0 && usage[2].costMicros == 1000)
            #expect(try await database.run(ProviderUsage(since: now - .seconds(3600), provider: "q")).count == 1)
            #expect(try await database.run(ProviderUsage(since: now - .seconds(60))).isEmpty)
        }
    }

    @Test("a report of a group says what became of it, who opted out after it, and what it cost")
    func report() async throws {
        try await ScratchDatabase.migrated { scratch, database in
            let connection = try await scratch.connect()
            try await fill(connection)
            let since = try await database.run(CurrentRights()).now - .seconds(3600)
            let scope = ReportScope(since: since, group: "spring")
            let report = try await database.run(LoadReport(scope: scope))
            let rows = report.messages
            #expect(rows.map(\.messageClass) == ["marketing"])
            let row = rows[0]
            #expect(row.messages == 8 && row.accepted == 6 && row.delivered == 2 && row.undelivered == 1 && row.waiting == 2)
            let optedOut = try await database.run(LoadOptOuts(scope: scope, within: .seconds(86_400)))
            #expect(
                optedOut == ["marketing": 1],
                "a hard bounce is no opt-out, one before the message neither, nor one of another channel")
            #expect(try await database.run(LoadOptOuts(scope: scope, within: .seconds(60))).isEmpty)
            let costs = report.costs
            #expect(
                costs.map {
                    "\($0.provider) \($0.currency ?? "-") \($0.accepted) \($0.segments) \($0.costMicros) \($0.inDoubtMicros)"
                } == [
                    "p EUR 5 10 5000 2000", "p - 1 2 0 0",
                ])
            let all = try await database.run(LoadReport(scope: ReportScope(since: since))).costs
            #expect(all.map(\.messageClass) == ["otp", "marketing", "marketing"])
            let otp = try await database.run(LoadReport(scope: ReportScope(since: since, messageClass: "otp")))
            #expect(otp.messages.map(\.messages) == [1])
            #expect(try await database.run(LoadReport(scope: ReportScope(since: since, messageClass: "opt"))).messages.isEmpty)
            try await connection.execute(script: "set role martlet_reader")
            #expect(try await connection.value("select count(*) from martlet.report_messages(now() - interval '1 hour')") == "2")
            #expect(
                try await connection.value(
                    "select count(*) from martlet.report(now() - interval '1 hour') where provider is null") == "2")
            try await connection.execute(script: "reset role; set role martlet_producer")
            await #expect(throws: PQError.self) { try await connection.value("select count(*) from martlet.report_costs(now())") }
        }
    }

    @Test(
        "a receipt is missing when its time is up, of providers whose receipts are expected; one that comes late is missing no more"
    )
    func missing() async throws {
        try await ScratchDatabase.migrated { scratch, database in
            let connection = try await scratch.connect()
            var script = Fixture.policy + Self.sent.map { $0.sql() }.joined()
            script +=
                Sent(number: 20, age: "2 hours", receipts: ["accepted"]).sql()
                + Sent(number: 21, age: "3 hours", receipts: ["accepted", "delivered"]).sql()
            script +=
                Sent(number: 22, age: "2 hours", provider: "q", receipts: ["accepted"]).sql()
                + Sent(number: 23, age: "2 hours", receipts: ["rejected"]).sql()
            script += "insert into martlet_data.receipt_promises values ('p', '1 hour');"
            try await connection.execute(script: script, within: .seconds(60))
            func counts() async throws -> [[Int]] {
                try await database.run(MissingReceipts(since: .seconds(86_400))).map { [$0.accepted, $0.missing] }
            }
            #expect(try await counts() == [[2, 1]])
            try await connection.execute(script: "set role martlet_reader")
            let shown = "select provider || ' ' || attempt || ' ' || (missing_since - accepted_at) from martlet.missing_receipts"
            #expect(try await connection.value(shown) == "p 1 01:00:00")
            #expect(try await connection.value("select count(*) from martlet.missing_receipts") == "1")
            try await connection.execute(script: "reset role")
            try await connection.execute(
                script:
                    "insert into martlet_data.receipts (message_id, kind, attempt, provider, part) select message_id, 'delivered', 1, 'p', 0 from martlet.missing_receipts"
            )
            #expect(try await counts() == [[2, 0]])
        }
    }

    @Test("levels are measured for all: by class, provider and budget, with the span and what it took")
    func levels() async throws {
        try await ScratchDatabase.migrated { scratch, database in
            let connection = try await scratch.connect()
            try await fill(connection)
            try await database.run(
                UpsertBudgets(budgets: [BudgetRule(name: "day", timeZone: "Etc/UTC", unit: .segments, limit: 9, over: .stop)]))
            try await database.run(UpsertReceiptPromises(promises: [("p", .seconds(60))]))
            #expect(try await database.run(LoadLevels()).age == nil)
            _ = try await database.run(MeasureLevels(span: .seconds(3600)))
            let answer = try await database.run(LoadLevels())
            #expect(try #require(answer.age) < .seconds(60))
            let values = Dictionary(uniqueKeysWithValues: answer.levels.map { ("\($0.kind) \($0.name) \($0.figure)", $0.value) })
            #expect(values["class marketing accepted_share"] == 1 && values["class otp oldest_waiting_seconds"] == 0)
            #expect(values["provider p delivered_share"] == 0.66666 && values["provider p missing_receipts"] == 3)
            #expect(values["budget day segments limit"] == 9 && values["budget day segments used"] == 0)
            #expect(values["measure  span_seconds"] == 3600)
        }
    }
}
