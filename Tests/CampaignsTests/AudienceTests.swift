import Campaigns
import Domain
import PipelineSupport
import Postgres
import Store
import TestSupport
import Testing

@Suite("Audiences, variants and what is refused", .serialized, .timeLimit(.minutes(3)))
struct AudienceTests {
    @Test("what cannot be used and doubles are taken out, each with its line and field, and the rest are in")
    func rejects() async throws {
        try await Shop.with { shop in
            let (members, rejected) = try await shop.store.run(
                CreateAudience(
                    name: "people",
                    query: """
                        select * from (values (2::int8, 'c-1', '+447700900001', null, 'Europe/London'), (3, 'c-2', '07700 900002', null, null), (4, 'c-3', '12', null, null),
                            (5, 'c-4', '+447700900001', null, null), (6, 'c-1', '+447700900005', null, null), (7, 'c-7', null, null, null), (8, 'c-8', '+447700900008', null, 'Mars/Olympus'),
                            (9, null, '+447700900009', null, null), (10, 'c-10', null, 'not a mailbox', null), (11, 'c-11', null, 'Ann@Example.COM', null)
                        ) v(line, person, sms, email, time_zone)
                        """))
            #expect(members == 4 && rejected == 6)
            let rejects = try await shop.store.run(AudienceRejects(name: "people", limit: 100))
            #expect(
                rejects.map { "\($0.line ?? 0) \($0.field)" } == [
                    "4 sms", "5 sms", "6 person", "7 address", "8 time_zone", "10 email",
                ])
            #expect(
                try await shop.texts("select concat_ws(' ', person, sms, email) from martlet_data.audience_members order by n")
                    == ["c-1 +447700900001", "c-2 +447700900002", "+447700900009 +447700900009", "c-11 Ann@example.com"])
            // More people: what is there already counts as well.
            #expect(
                try await shop.number(
                    """
                    select members * 10 + rejected from martlet.add_members('people', '[{"sms": "+447700900001"}, {"person": "c-2", "sms": "+447700900077"}, {"sms": "+447700900078"}]')
                    """) == 12)
        }
    }

    @Test("a run keeps the people that its list had at the start: adding, building anew and removing change nothing")
    func frozen() async throws {
        try await CampaignShop.with(people: 100) { campaigns in
            let run = try await campaigns.start()
            try await campaigns.shop.script(
                "select martlet.add_members('people', '[{\"person\": \"late\", \"sms\": \"+447700999999\"}]')")
            try await campaigns.audience(7, first: 500)
            try await campaigns.shop.script("select martlet.remove_audience('people', 'not needed')")
            try await campaigns.releaseAll()
            #expect(try await campaigns.states(run) == ["released": 100])
            #expect(
                try await campaigns.shop.number(
                    "select count(*) from martlet_data.messages where address between '+447700000001' and '+447700000100'") == 100
            )
        }
    }

    @Test("people are deleted when no run needs them: of a replaced list, once no run is to read it; of a run, after its time")
    func retention() async throws {
        try await CampaignShop.with(people: 10) { campaigns in
            _ = try await campaigns.start()
            try await campaigns.audience(10)
            try await campaigns.shop.script("update martlet_data.audiences set changed_at = now() - interval '2 days'")
            let keep = Duration.seconds(86_400)
            #expect(try await campaigns.store.run(DropMembers(keep: keep)) == 0)
            try await campaigns.releaseAll()
            _ = try await campaigns.store.run(CloseRuns())
            #expect(try await campaigns.store.run(DropMembers(keep: keep)) == 1)
            try await campaigns.shop.script("update martlet_data.runs set created_at = now() - interval '2 days'")
            #expect(try await campaigns.store.run(DropMembers(keep: keep)) == 1)
            #expect(try await campaigns.shop.number("select count(*) from martlet_data.audience_members") == 10)
            #expect(try await campaigns.store.run(DropMembers(keep: keep)) == 0)
        }
    }

    @Test("variants have their shares, a person keeps theirs from run to run, and who is held out gets nothing")
    func variants() async throws {
        let yaml = CampaignShop.yaml.replacing(
            "template: note\n",
            with: "variants:\n  a: {template: note, share: 60%}\n  b: {template: note, share: 30%}\nholdout: 10%\n")
        try await CampaignShop.with(people: 5000, yaml) { campaigns in
            let first = try await campaigns.start()
            try await campaigns.audience(5000, first: 1)
            let second = try await campaigns.start()
            #expect(
                try await campaigns.shop.number(
                    """
                    select count(*) from martlet_data.run_members a join martlet_data.run_members b on b.person = a.person and b.variant = a.variant
                    where a.run_id = \(first) and b.run_id = \(second)
                    """) == 5000)
            try await campaigns.releaseAll()
            let states = try await campaigns.states(first)
            #expect(states["held_out", default: 0] + states["released", default: 0] == 5000)
            // The hash is fixed, so these are: within three standard deviations of 3000, 1500 and 500.
            let counts = try await campaigns.shop.texts(
                "select count(*)::text from martlet_data.run_members where run_id = \(first) group by variant order by variant"
            ).compactMap { Int($0) }
            #expect(abs(counts[0] - 3000) < 104 && abs(counts[1] - 1500) < 97 && abs(counts[2] - 500) < 64, "\(counts)")
            #expect(
                try await campaigns.shop.number(
                    """
                    select count(*) from martlet_data.messages m join martlet_data.run_members r on r.person = m.recipient_key and r.run_id = \(first)
                    where m.group_key = 'run:\(first)' and r.variant = 3
                    """) == 0)
        }
    }

    @Test("the hash of a person is what its definition says", arguments: [("spring", "c-1"), ("spring", "c-2"), ("x", "用户")])
    func hash(seed: String, person: String) async throws {
        try await Shop.with { shop in
            // The first 32 bits of SHA-256 of `seed:person`, times 10,000, without the last 32 bits.
            let bucket = try await shop.number("select martlet_data.bucket_of('\(seed)', '\(person)')")
            let defined = try await shop.number(
                """
                select (('x' || left(encode(sha256(convert_to('\(seed):\(person)', 'UTF8')), 'hex'), 8))::bit(32)::int8 * 10000) / 4294967296
                """)
            #expect(bucket == defined)
            if seed == "spring", person == "c-1" { #expect(bucket == Self.known) }
        }
    }
    /// Computed outside: `printf spring:c-1 | sha256sum` begins with fba2af33, of 10,000 that is 9829.
    static let known = 9829

    struct Refused: Sendable, CustomTestStringConvertible {
        var sql: String
        var sqlstate: String
        var field: String
        var testDescription: String { sql }
    }

    @Test(
        "wrong names, columns, codes and events are refused with a state of their own, the field and what to do",
        arguments: [
            Refused(
                sql: "select martlet.create_audience('No Name', 'select ''+447700900001'' as sms')", sqlstate: "MT020",
                field: "name"),
            Refused(sql: "select martlet.create_audience('a', 'select nothing from nowhere')", sqlstate: "MT021", field: "query"),
            Refused(sql: "select martlet.create_audience('a', 'select 1 as phone')", sqlstate: "MT021", field: "query"),
            Refused(sql: "select martlet.create_audience('a', 'select 1 as person')", sqlstate: "MT021", field: "query"),
            Refused(sql: "select martlet.add_members('nobody', '[]')", sqlstate: "MT020", field: "audience"),
            Refused(sql: "select martlet.add_members('people', '[{\"phone\": \"1\"}]')", sqlstate: "MT021", field: "people"),
            Refused(sql: "select martlet.add_members('people', '{}')", sqlstate: "MT021", field: "people"),
            Refused(sql: "select martlet.remove_audience('nobody', 'x')", sqlstate: "MT020", field: "name"),
            Refused(sql: "select martlet.finish_audience(4711)", sqlstate: "MT020", field: "audience_id"),
            Refused(sql: "select martlet.load_codes('No Pool', array['a'])", sqlstate: "MT023", field: "pool"),
            Refused(sql: "select martlet.load_codes('p', array['a', 'b c'])", sqlstate: "MT023", field: "codes"),
            Refused(sql: "select martlet.load_codes('p', array['a'], '2001-01-01')", sqlstate: "MT023", field: "valid_until"),
            Refused(sql: "select martlet.event('No Event', 'c-1')", sqlstate: "MT024", field: "name"),
            Refused(sql: "select martlet.event('e', 'c-1', '[]')", sqlstate: "MT024", field: "data"),
            Refused(sql: "select martlet.event('e', '')", sqlstate: "MT010", field: "recipient_key"),
            Refused(
                sql: "select martlet.event('e', 'c-1', null, 'k'), martlet.event('e', 'c-2', null, 'k')", sqlstate: "MT008",
                field: "idempotency_key"),
            Refused(sql: "select martlet.goal('', 'c-1')", sqlstate: "MT010", field: "name"),
            Refused(sql: "select martlet.pause_run(4711, 'x')", sqlstate: "MT022", field: "run_id"),
            Refused(sql: "select martlet.resume_run(4711, 'x')", sqlstate: "MT022", field: "run_id"),
            Refused(sql: "select martlet.stop_run(4711, 'x')", sqlstate: "MT022", field: "run_id"),
            Refused(sql: "select martlet.approve_run(4711)", sqlstate: "MT022", field: "run_id"),
        ])
    func refused(_ one: Refused) async throws {
        try await CampaignShop.with(people: 1) { campaigns in
            let error = await #expect(throws: PQError.self) { try await campaigns.shop.script(one.sql) }
            guard case .server(let refusal)? = error else { return }
            #expect(refusal.sqlstate == one.sqlstate, "\(refusal)")
            #expect(refusal.message.hasPrefix("field \(one.field): "), "\(refusal.message)")
            #expect(refusal.hint?.isEmpty == false)
        }
    }

    @Test(
        "a run that could not do what its campaign says is refused at the start",
        arguments: [
            ("audience: people", "audience: nobody", "MT020"), ("template: note", "template: missing", "MT004"),
            ("class: marketing", "class: missing", "MT001"),
            ("channel: sms", "channel: missing", "MT002"), ("time_zone: Europe/London", "time_zone: Mars/Olympus", "MT005"),
            ("template: note", "template: ask", "MT022"),
            ("template: note", "template: note\ncodes: missing", "MT023"),
        ])
    func refusedAtStart(before: String, after: String, sqlstate: String) async throws {
        var policy = ShopPolicy()
        policy.moreTemplates = [
            Template(key: "ask", locale: "default", channel: .sms, body: "{{discount}}", required: ["discount"])
        ]
        try await CampaignShop.with(people: 3, CampaignShop.yaml.replacing(before, with: after), policy: policy) { campaigns in
            let error = await #expect(throws: StoreError.self) { try await campaigns.start() }
            #expect([sqlstate, "22023"].contains(error?.sqlstate), "\(String(describing: error))")
            let runs = try await campaigns.shop.number("select count(*) from martlet_data.runs")
            #expect(runs == 0)
        }
    }

    @Test("a query of an audience runs with its caller's rights and no others")
    func callersRights() async throws {
        try await Shop.with { shop in
            let connection = try await shop.scratch.connect()
            let error = await #expect(throws: PQError.self) {
                try await connection.execute(
                    script:
                        "set role martlet_producer; select martlet.create_audience('a', 'select address as sms from martlet_data.messages')",
                    name: "try")
            }
            #expect(error?.sqlstate == "42501")
        }
    }
}
