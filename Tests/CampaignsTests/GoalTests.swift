import Campaigns
import Domain
import Foundation
import PipelineSupport
import Postgres
import Store
import TestSupport
import Testing

@Suite("Goals and codes, by the transaction", .serialized, .timeLimit(.minutes(5)))
struct GoalTests {
    @Test(
        "no person is admitted after a committed goal, and a person whose goal is undone gets the message, whenever either comes")
    func goalRaces() async throws {
        var policy = ShopPolicy()
        policy.rate = "300/s"
        try await CampaignShop.with(people: 1500, CampaignShop.yaml + "goal: order.paid\npace: 300/s\n", policy: policy) {
            campaigns in
            let run = try await campaigns.start()
            let reached = try await campaigns.withWorker {
                // People in an order that has nothing to do with the run's, before, while and after their messages are released.
                let order = (1...1500).map { $0 * 587 % 1500 + 1 }
                let reached = try await withThrowingTaskGroup(of: [Int: Int64].self) { group in
                    for part in 0..<4 {
                        group.addTask {
                            let connection = try await campaigns.shop.scratch.connect()
                            var reached: [Int: Int64] = [:]
                            for person in order.enumerated().filter({ $0.offset % 4 == part && $0.offset % 3 != 0 }).map(
                                \.element)
                            {
                                _ = try await connection.value("select martlet.event('order.paid', 'c-\(person)')")
                                reached[person] = Int64(
                                    try await connection.value("select (extract(epoch from clock_timestamp()) * 1e6)::int8")
                                        ?? "0")
                            }
                            await connection.close()
                            return reached
                        }
                    }
                    return try await group.reduce(into: [:]) { $0.merge($1) { first, _ in first } }
                }
                try await eventually(within: .seconds(120), "all are decided") {
                    let states = try await campaigns.states(run)
                    return states["waiting"] == nil && states["released"] == nil
                }
                return reached
            }
            #expect(reached.count == 1000)
            let admitted = try await campaigns.shop.texts(
                """
                select m.recipient_key || ' ' || (extract(epoch from a.admitted_at) * 1e6)::int8 from martlet_data.attempts a join martlet_data.messages m on m.id = a.message_id
                """)
            for line in admitted {
                let parts = line.split(separator: " ")
                guard let person = Int(parts[0].dropFirst(2)), let at = Int64(parts[1]), let goal = reached[person] else {
                    continue
                }
                #expect(at <= goal, "c-\(person) was admitted after its goal")
            }
            let states = try await campaigns.states(run)
            #expect(states.values.reduce(0, +) == 1500)
            #expect(Set(states.keys).subtracting(["sent", "skipped:goal"]) == [])
            #expect(states["skipped:goal", default: 0] > 0)
            // The reverse.
            try await campaigns.shop.script("select martlet.undo_goal('order.paid', 'c-' || g) from generate_series(1, 1500) g")
            try await campaigns.withWorker("again") {
                try await eventually(within: .seconds(120), "all are sent") { try await campaigns.states(run) == ["sent": 1500] }
            }
            #expect(Dictionary(grouping: try campaigns.shop.outbox(), by: \.to).allSatisfy { $0.value.count == 1 })
        }
    }

    @Test("a goal in a transaction that is rolled back has not happened, one that is told twice has happened once")
    func goalByTheTransaction() async throws {
        try await CampaignShop.with(people: 5, CampaignShop.yaml + "goal: order.paid\n") { campaigns in
            let run = try await campaigns.start()
            try await campaigns.shop.script("begin; select martlet.event('order.paid', 'c-1', null, 'e-1'); rollback")
            #expect(try await campaigns.states(run) == ["waiting": 5])
            let first = try await campaigns.shop.number("select martlet.event('order.paid', 'c-1', null, 'e-1')")
            #expect(try await campaigns.shop.number("select martlet.event('order.paid', 'c-1', null, 'e-1')") == first)
            #expect(try await campaigns.shop.number("select martlet.goal('order.paid', 'c-1')") == 0)
            #expect(try await campaigns.shop.number("select martlet.goal('other', 'c-2')") == 0)
            #expect(try await campaigns.states(run) == ["waiting": 4, "skipped:goal": 1])
        }
    }

    @Test("a goal that is under way keeps no release waiting, and decides when it commits")
    func openGoal() async throws {
        try await CampaignShop.with(people: 5, CampaignShop.yaml + "goal: order.paid\n") { campaigns in
            let run = try await campaigns.start()
            let other = try await campaigns.shop.scratch.connect()
            try await other.execute(script: "begin; select martlet.goal('order.paid', 'c-3')", name: "open")
            #expect(try await campaigns.store.run(ReleaseChunk(room: 1000))?.released == 4)
            try await other.execute(script: "rollback", name: "open")
            try await campaigns.shop.script("update martlet_data.run_chunks set due_at = clock_timestamp()")
            #expect(try await campaigns.store.run(ReleaseChunk(room: 1000))?.released == 1)
            #expect(try await campaigns.states(run) == ["released": 5])
        }
    }

    @Test("no code goes to two people; a dry pool pauses the run, loading goes on; who gets no message gives the code back")
    func codes() async throws {
        var policy = ShopPolicy()
        policy.moreTemplates = [
            Template(key: "offer", locale: "default", channel: .sms, body: "{{text}}: {{code}}", required: ["text", "code"])
        ]
        let yaml = CampaignShop.yaml.replacing("template: note", with: "template: offer") + "codes: spring\npace: 50/s\n"
        try await CampaignShop.with(people: 1000, yaml, policy: policy) { campaigns in
            let error = await #expect(throws: StoreError.self) { try await campaigns.start() }
            #expect(error?.sqlstate == "MT023")
            let (loaded, doubles) = try await campaigns.store.run(
                LoadCodes(pool: "spring", codes: (1...620).map { "A\($0)" } + ["A1"]))
            #expect(loaded == 620 && doubles == 1)
            let run = try await campaigns.start()
            try await campaigns.shop.script(
                "update martlet_data.run_chunks set due_at = clock_timestamp(); select martlet.suppress('sms', '+447700000007', 'all', 'asked')"
            )
            try await withThrowingTaskGroup(of: Void.self) { group in
                for _ in 1...4 { group.addTask { try await campaigns.releaseAll() } }
                try await group.waitForAll()
            }
            #expect(try await campaigns.store.run(ListRuns(run: run)).first?.pausedFor == ["pool_dry"])
            #expect(try await campaigns.states(run) == ["released": 600, "waiting": 400])
            _ = try await campaigns.store.run(LoadCodes(pool: "spring", codes: (1...400).map { "B\($0)" }))
            try await campaigns.withWorker {
                try await eventually(within: .seconds(120), "all are decided") {
                    try await campaigns.states(run) == ["sent": 999, "skipped:opted_out": 1]
                }
                try await eventually(within: .seconds(60), "the codes are settled") {
                    try await campaigns.store.run(ListCodePools(pool: "spring")).first
                        == ListCodePools.Pool(name: "spring", codes: 1020, free: 21, reserved: 0, held: 0, spent: 999, expired: 0)
                }
            }
            let texts = try campaigns.shop.outbox().map { String($0.text.split(separator: " ").last ?? "") }
            #expect(texts.count == 999 && Set(texts).count == 999)
        }
    }

    @Test("a code whose message may have arrived is held, not given to somebody else")
    func codeInDoubt() async throws {
        var policy = ShopPolicy()
        policy.moreTemplates = [Template(key: "offer", locale: "default", channel: .sms, body: "{{code}}", required: ["code"])]
        let yaml = CampaignShop.yaml.replacing("template: note", with: "template: offer") + "codes: spring\n"
        try await CampaignShop.with(people: 2, yaml, policy: policy) { campaigns in
            try campaigns.shop.rules("+447700000001 lose")
            _ = try await campaigns.store.run(LoadCodes(pool: "spring", codes: ["A1", "A2", "A3"]))
            let run = try await campaigns.start()
            try await campaigns.withWorker {
                try await eventually(within: .seconds(60), "all are decided") {
                    try await campaigns.states(run) == ["sent": 1, "unknown:in_doubt": 1]
                }
                try await eventually(within: .seconds(60), "the codes are settled") {
                    try await campaigns.store.run(ListCodePools()).first
                        == ListCodePools.Pool(name: "spring", codes: 3, free: 1, reserved: 0, held: 1, spent: 1, expired: 0)
                }
            }
        }
    }
}
