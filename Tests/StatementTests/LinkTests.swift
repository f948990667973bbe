import Domain
import Postgres
import Store
import TestSupport
import Testing

@Suite("What links lead to, and who followed them")
struct LinkTests {
    private static let targets = ["https://a.example/x?u=1", "https://a.example/y", "https://a.example/z"]

    /// Message 1 (SMS) and 2 (mail), each with three links, admitted a minute ago and accepted a second after that.
    private func sent(_ body: @Sendable (Database, PQConnection) async throws -> Void) async throws {
        try await ScratchDatabase.migrated { scratch, store in
            let connection = try await scratch.connect()
            try await connection.execute(
                script: Fixture.policy + """
                    insert into martlet_data.messages (id, class_id, channel_id, recipient_key, address, template, group_key, variables, producer, created_at, expires_at)
                        select n, c.id, h.id, 'k' || n, 'a' || n, 'parcel', 'g', '{}', 'shop', now(), now() + interval '1 day'
                        from generate_series(1, 2) n, martlet_data.classes c, martlet_data.channels h
                        where c.name = 'marketing' and h.name = case n when 1 then 'sms' else 'email' end;
                    insert into martlet_data.attempts (message_id, attempt, provider, session, admitted_at, send_by, template_version, segments)
                        select n, 1, 'p', 1, now() - interval '60 seconds', now(), 1, 1 from generate_series(1, 2) n;
                    insert into martlet_data.receipts (message_id, kind, attempt, at) select n, 'accepted', 1, now() - interval '59 seconds' from generate_series(1, 2) n;
                    """)
            var links = InsertMessageLinks()
            for id in [MessageID(1), MessageID(2)] {
                links.add(id, targets: Self.targets, expiresAt: Timestamp(microseconds: 4_000_000_000_000_000))
            }
            _ = try await store.run(links)
            try await body(store, connection)
        }
    }

    /// When the messages were made: not now, which moves on while a slow machine does something in between.
    private static let then = "(select min(admitted_at) + interval '60 seconds' from martlet_data.attempts)"

    /// - Parameter ago: seconds before the messages were made.
    private func hit(_ message: Int, link: Int, ago: Double, machine: String? = nil, on connection: PQConnection) async throws {
        try await connection.execute(
            script: """
                insert into martlet_data.link_visits (message_id, link, at, machine)
                values (\(message), \(link), \(Self.then) - interval '\(ago) seconds', \(machine.map { "'\($0)'" } ?? "null"))
                """)
    }

    private func receipts(_ connection: PQConnection) async throws -> [String] {
        try await connection.query(
            PQCall(
                "receipts",
                "select message_id || ' ' || kind || ' ' || part || coalesce(' ' || code, '') from martlet_data.receipts where kind <> 'accepted' order by message_id, part, kind",
                prepared: false)
        ).map { try $0.text(0) }
    }

    @Test("a person's first visit of each link is a receipt; all the others leave nothing, and none waits")
    func people() async throws {
        try await sent { store, connection in
            for (link, ago) in [(1, 40.0), (1, 30), (2, 20), (0, 35), (0, 10)] {
                try await hit(1, link: link, ago: ago, on: connection)
            }
            let judged = try await store.run(JudgeLinkHits())
            #expect(
                judged.map { [$0.kind, $0.code, "\($0.hits)"] }.sorted { $0[0] < $1[0] } == [
                    ["clicked", "", "3"], ["opened", "", "2"],
                ])
            #expect(try await receipts(connection) == ["1 opened 0", "1 clicked 1", "1 clicked 2"])
            try await hit(1, link: 1, ago: 5, on: connection)
            _ = try await store.run(JudgeLinkHits())
            #expect(try await receipts(connection).count == 3)
            #expect(try await connection.value("select count(*) from martlet_data.link_visits") == "0")
            let first =
                "select extract(epoch from now() - at)::int between 39 and 60 from martlet_data.receipts where kind = 'clicked' and part = 1"
            #expect(try await connection.value(first) == "true", "of the first visit, when it came")
            #expect(try await connection.value("select state from martlet.message_status where message_id = 1") == "accepted")
        }
    }

    @Test("what the request said of itself is believed, and a person may come after the machine")
    func machines() async throws {
        try await sent { store, connection in
            try await hit(1, link: 1, ago: 40, machine: "robot", on: connection)
            try await hit(1, link: 0, ago: 40, machine: "mail_proxy", on: connection)
            _ = try await store.run(JudgeLinkHits())
            #expect(try await receipts(connection) == ["1 prefetched 0 mail_proxy", "1 prefetched 1 robot"])
            try await hit(1, link: 1, ago: 5, on: connection)
            _ = try await store.run(JudgeLinkHits())
            #expect(try await receipts(connection) == ["1 prefetched 0 mail_proxy", "1 clicked 1", "1 prefetched 1 robot"])
        }
    }

    @Test(
        "no person follows a link while the message is handed over, or right after: 2 s, a mail 5 s",
        arguments: [
            (1, 61.0, true), (1, 59.5, true), (1, 57.2, true), (1, 56.5, false), (2, 56.5, true), (2, 54.5, true), (2, 53, false),
        ])
    func tooSoon(message: Int, ago: Double, isMachine: Bool) async throws {
        for link in [0, 2] {
            try await sent { store, connection in
                try await hit(message, link: link, ago: ago, on: connection)
                _ = try await store.run(JudgeLinkHits())
                #expect(
                    try await receipts(connection) == [
                        "\(message) \(isMachine ? "prefetched \(link) too_soon" : link == 0 ? "opened 0" : "clicked 2")"
                    ])
            }
        }
    }

    @Test("an attempt without an answer counts from its admission, a second one like the first")
    func attempts() async throws {
        try await sent { store, connection in
            try await connection.execute(
                script: """
                    delete from martlet_data.receipts where message_id = 1;
                    insert into martlet_data.attempts (message_id, attempt, provider, session, admitted_at, send_by, template_version, segments)
                        values (1, 2, 'p', 1, \(Self.then) - interval '20 seconds', now(), 1, 1)
                    """)
            for (link, ago) in [(1, 40.0), (2, 19), (3, 12)] { try await hit(1, link: link, ago: ago, on: connection) }
            _ = try await store.run(JudgeLinkHits())
            #expect(try await receipts(connection) == ["1 clicked 1", "1 prefetched 2 too_soon", "1 clicked 3"])
        }
    }

    @Test("two different links of one message within a second are a machine's, also when another look has judged one of them")
    func burst() async throws {
        try await sent { store, connection in
            for (message, link, ago) in [(1, 1, 20.0), (1, 2, 19.5), (2, 1, 20), (2, 2, 17), (2, 1, 16.8)] {
                try await hit(message, link: link, ago: ago, on: connection)
            }
            _ = try await store.run(JudgeLinkHits())
            #expect(
                try await receipts(connection) == [
                    "1 prefetched 1 burst", "1 prefetched 2 burst", "2 clicked 1", "2 prefetched 1 burst", "2 prefetched 2 burst",
                ])
            try await hit(1, link: 3, ago: 18.8, on: connection)
            _ = try await store.run(JudgeLinkHits())
            #expect(try await receipts(connection).contains("1 prefetched 3 burst"))
        }
        try await sent { store, connection in
            // The picture and a link: a person who opens and clicks.
            for (link, ago) in [(0, 20.0), (1, 19.8)] { try await hit(2, link: link, ago: ago, on: connection) }
            _ = try await store.run(JudgeLinkHits())
            #expect(try await receipts(connection) == ["2 opened 0", "2 clicked 1"])
        }
    }

    @Test("what is younger than three seconds waits for what may come next to it; a visit to a message that is gone goes")
    func young() async throws {
        try await sent { store, connection in
            _ = try await store.run(InsertLinkHits([LinkHit(MessageID(1), link: 1, machine: nil)]))
            try await hit(99, link: 1, ago: 10, on: connection)
            #expect(try await store.run(JudgeLinkHits()).map(\.kind) == ["gone"])
            #expect(try await receipts(connection) == [])
            #expect(try await connection.value("select message_id from martlet_data.link_visits") == "1")
            _ = try await store.run(
                InsertLinkHits([LinkHit(MessageID(1), link: 2, machine: nil, at: .now - .seconds(9))]))
            #expect(try await store.run(JudgeLinkHits()).map(\.kind) == ["clicked"], "its age is the visitor's, not the row's")
        }
    }

    @Test("two who judge at once share the work, and no receipt is written twice")
    func together() async throws {
        try await sent { store, connection in
            try await connection.execute(
                script:
                    "insert into martlet_data.link_visits (message_id, link, at) select 1 + n % 2, 1 + n % 3, clock_timestamp() - interval '20 seconds' from generate_series(1, 600) n"
            )
            let total = try await withThrowingTaskGroup(of: Int.self) { group in
                for _ in 0..<6 {
                    group.addTask {
                        var judged = 0
                        while true {
                            let rows = try await store.run(JudgeLinkHits(limit: 50))
                            if rows.isEmpty { return judged }
                            judged += rows.reduce(0) { $0 + $1.hits }
                        }
                    }
                }
                return try await group.reduce(0, +)
            }
            #expect(total == 600)
            #expect(try await receipts(connection).count == 6)
        }
    }

    @Test("a later attempt's other addresses come behind the first's, which stay; the same ones change nothing")
    func merged() async throws {
        try await sent { store, connection in
            func add(_ targets: [String], expires: Int64) async throws {
                var links = InsertMessageLinks()
                links.add(MessageID(1), targets: targets, expiresAt: Timestamp(microseconds: expires))
                _ = try await store.run(links)
            }
            func version() async throws -> String? {
                try await connection.value("select xmin from martlet_data.message_links where message_id = 1")
            }
            let before = try await version()
            try await add(Self.targets, expires: 4_000_000_000_000_000)
            try await add([Self.targets[2]], expires: 3_000_000_000_000_000)
            #expect(try await version() == before)
            try await add(["https://new.example/", Self.targets[0], "https://new.example/2"], expires: 3_000_000_000_000_000)
            let found = try #require(try await store.run(FindMessageLinks(messageID: MessageID(1))))
            #expect(found.targets == Self.targets + ["https://new.example/", "https://new.example/2"] && !found.isExpired)
        }
    }

    @Test(
        "the report counts messages, not links; link_clicks shows where people went, without what stands behind the question mark"
    )
    func reports() async throws {
        try await sent { store, connection in
            for (message, link, ago) in [(1, 1, 40.0), (1, 2, 30), (2, 0, 30), (2, 3, 20)] {
                try await hit(
                    message, link: link, ago: ago, machine: message == 2 && link == 3 ? "scanner" : nil, on: connection)
            }
            _ = try await store.run(JudgeLinkHits())
            let scope = ReportScope(since: Timestamp(microseconds: 1_735_689_600_000_000), group: "g")
            let row = try #require(try await store.run(LoadReport(scope: scope)).messages.first)
            #expect(row.messages == 2 && row.accepted == 2 && row.clicked == 1 && row.opened == 1 && row.delivered == 0)
            let clicks = try await connection.query(
                PQCall(
                    "clicks",
                    "select channel || ' ' || target || ' ' || sent || ' ' || clicked || ' ' || prefetched from martlet.link_clicks where group_key = 'g' and class = 'marketing' and template = 'parcel' order by 1",
                    prepared: false)
            ).map { try $0.text(0) }
            #expect(
                clicks == [
                    "email https://a.example/x 1 0 0", "email https://a.example/y 1 0 0", "email https://a.example/z 1 0 1",
                    "sms https://a.example/x 1 1 0", "sms https://a.example/y 1 1 0", "sms https://a.example/z 1 0 0",
                ])
        }
    }

    @Test("who leaves by a link counts as opted out in the report")
    func optedOut() async throws {
        try await sent { store, connection in
            try await connection.execute(
                script:
                    "insert into martlet_data.suppressions (channel, address, scope, reason) values ('sms', 'a1', 'marketing', 'opt_out_link')"
            )
            let scope = ReportScope(since: Timestamp(microseconds: 1_735_689_600_000_000))
            #expect(try await store.run(LoadOptOuts(scope: scope, within: .seconds(86_400))) == ["marketing": 1])
        }
    }
}
