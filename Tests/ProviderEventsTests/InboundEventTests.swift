import Domain
import PipelineSupport
import Postgres
import TestSupport
import Testing

@Suite("Events that services read: the view, and messages to endpoints", .timeLimit(.minutes(3)))
struct InboundEventTests {
    private static let endpoint = """
          shop:
            url: https://shop.example.com/events
            secret_file: /etc/martlet/webhook
            events: [\(Webhooks.events.joined(separator: ", "))]

        """

    private static func received(_ body: String, part: Int = 1, of parts: Int = 1) -> String {
        "select martlet_data.receive_text('p', '447700900001', '1234', \(body), '\\x0\(part)', 0::int2, 7, \(part)::int2, \(parts)::int2, 'sms', '+447700900001', null, null, null)"
    }

    private static let seen = "select text from martlet.inbound_events order by id"
    private static let events =
        "select m.variables::jsonb ->> 'event' from martlet_data.messages m where m.template = 'webhook' order by id"

    /// What is new to a reader who remembers the last id; ids never go back.
    private static func poll(_ shop: Shop, after cursor: inout Int64) async throws -> [String] {
        let rows = try await shop.texts(
            "select id || '|' || text from martlet.inbound_events where id > \(cursor) order by id limit 1000")
        let parts = rows.map { $0.split(separator: "|", maxSplits: 1).map(String.init) }
        if let last = parts.last?.first { cursor = try #require(Int64(last)) }
        return parts.compactMap(\.last)
    }

    @Test("who reads by id misses no reply, however late a transaction commits")
    func lateCommits() async throws {
        try await Shop.with { shop in
            let slow = try await shop.scratch.connect()
            var cursor: Int64 = 0
            try await slow.execute(script: "begin; \(Self.received("'slow'"))", name: "slow")
            try await shop.script(Self.received("'quick'"))
            #expect(try await Self.poll(shop, after: &cursor) == ["quick"])
            try await slow.execute(script: "commit", name: "slow")
            #expect(try await Self.poll(shop, after: &cursor) == ["slow"])
            try await slow.execute(script: "begin; \(Self.received("'never'")); rollback", name: "slow")
            try await shop.script(Self.received("'last'"))
            #expect(try await Self.poll(shop, after: &cursor) == ["last"])
            await slow.close()
        }
    }

    @Test("who has a number and is not committed yet holds up the next number, so that no reader sees 2 before 1")
    func order() async throws {
        try await Shop.with { shop in
            let (first, second) = (try await shop.scratch.connect(), try await shop.scratch.connect())
            var cursor: Int64 = 0
            // As at the very end of a transaction, which then takes its time.
            try await first.execute(script: "begin; \(Self.received("'one'")); set constraints all immediate", name: "first")
            async let committed: Void = second.execute(script: Self.received("'two'"), name: "second")
            try await eventually(within: .seconds(10), "the second waits for its number") {
                try await shop.number(
                    "select count(*) from pg_locks where locktype = 'advisory' and classid = 7340011 and not granted and database = (select oid from pg_database where datname = current_database())"
                ) == 1
            }
            #expect(try await Self.poll(shop, after: &cursor) == [])
            try await first.execute(script: "commit", name: "first")
            try await committed
            #expect(try await Self.poll(shop, after: &cursor) == ["one", "two"])
            await first.close()
            await second.close()
        }
    }

    @Test("eight writers at once, and a reader between their commits: each reply is seen exactly once")
    func writers() async throws {
        try await Shop.with { shop in
            var (cursor, seen): (Int64, [String]) = (0, [])
            try await withThrowingTaskGroup(of: Void.self) { group in
                for writer in 0..<8 {
                    let connection = try await shop.scratch.connect()
                    group.addTask {
                        for turn in 0..<25 {
                            // Some of them stay open beyond the others' commits.
                            let texts = (0..<3).map { Self.received("'\(writer) \(turn) \($0)'") }.joined(separator: "; ")
                            try await connection.execute(
                                script: "begin; \(texts); select pg_sleep(\(turn % 3 == writer % 3 ? "0.02" : "0")); commit",
                                name: "writer")
                        }
                        await connection.close()
                    }
                }
                while seen.count < 600, cursor < 100_000 {
                    seen += try await Self.poll(shop, after: &cursor)
                    if try await shop.number("select count(*) from martlet_data.inbound_events") == 600 {
                        seen += try await Self.poll(shop, after: &cursor)
                        break
                    }
                }
                try await group.waitForAll()
            }
            #expect(seen.count == 600 && Set(seen).count == 600)
        }
    }

    @Test("a long text is an event once, when its last part has come; what is very long is cut, and always fits")
    func longTexts() async throws {
        try await Shop.with(ShopPolicy { $0.webhooks = Self.endpoint }) { shop in
            for part in [3, 1, 1] { try await shop.script(Self.received("'part \(part) '", part: part, of: 3)) }
            #expect(try await shop.texts(Self.events) == [])
            #expect(try await shop.texts(Self.seen) == [])
            for _ in 0..<2 { try await shop.script(Self.received("'part 2 '", part: 2, of: 3)) }
            #expect(try await shop.texts(Self.seen) == ["part 1 part 2 part 3 "])
            let events = try await shop.texts(Self.events)
            #expect(events.count == 1 && events[0].contains(#""text" : "part 1 part 2 part 3 ""#), "\(events)")
            for body in ["repeat(chr(1), 9000)", "repeat('\"', 9000)", "repeat('😀', 9000)"] {
                try await shop.script(Self.received(body))
            }
            #expect(try await shop.texts(Self.events).filter { $0.contains(#""is_cut" : true"#) }.count == 3)
        }
    }

    @Test("a rollback takes the event with it; nothing about webhooks is an event, so that nothing goes round")
    func loops() async throws {
        try await Shop.with(ShopPolicy { $0.webhooks = Self.endpoint }) { shop in
            try await shop.script("begin; select martlet.record_consent('ann', 'sms', 'asked', 'granted', 'form'); rollback")
            #expect(try await shop.texts(Self.events).isEmpty)
            try await shop.script("select martlet.record_consent('ann', 'sms', 'asked', 'granted', 'form')")
            let message = try #require(
                try await shop.texts("select id::text from martlet_data.messages where template = 'webhook'").first)
            let other = try await shop.enqueue("otp", to: "+447700900001")
            try await shop.script(
                """
                insert into martlet_data.consents (recipient_key, channel, purpose, status, method) values ('shop', 'webhook', 'webhook', 'granted', 'x');
                insert into martlet_data.suppressions (channel, address, scope, reason) values ('webhook', 'somebody', 'all', 'x');
                select martlet_data.publish_receipts('{delivered,delivered}', '{\(message),\(other)}', '{1,1}', '{p,p}', '{null,null}');
                insert into martlet_data.dead_letters (message_id, class, channel, recipient_key, address, template, reason, explanation, remedy, lane, attempt, series, message, history)
                    select m.id, 'otp', case m.template when 'webhook' then 'webhook' else 'sms' end, 'x', 'x', m.template, 'poison', 'x', 'x', 0, 1, 0, '{}', '[]'
                    from martlet_data.messages m where m.id in (\(message), \(other))
                """)
            let types = try await shop.texts(
                "select (m.variables::jsonb ->> 'event')::jsonb ->> 'type' from martlet_data.messages m where m.template = 'webhook' order by 1"
            )
            #expect(types == ["consent.changed", "message.dead", "message.delivered"])
        }
    }

    @Test("without endpoints nothing is written")
    func none() async throws {
        try await Shop.with { shop in
            try await shop.script(Self.received("'hello'"))
            try await shop.script(
                "select martlet.record_consent('ann', 'sms', 'asked', 'granted', 'form'), martlet.suppress('sms', '+447700900001')"
            )
            #expect(try await shop.number("select count(*) from martlet_data.messages") == 0)
            #expect(try await shop.texts(Self.seen) == ["hello"])
        }
    }
}
