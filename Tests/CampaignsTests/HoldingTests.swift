import Campaigns
import Domain
import Foundation
import PipelineSupport
import Postgres
import Store
import TestSupport
import Testing

@Suite("A run can be held, ended and left", .serialized, .timeLimit(.minutes(5)))
struct HoldingTests {
    @Test("after a pause no message is admitted, whatever workers hold; after the resume everybody gets theirs")
    func pauseDuringDrain() async throws {
        var policy = ShopPolicy()
        policy.rate = "200/s"
        try await CampaignShop.with(people: 1500, policy: policy) { campaigns in
            let run = try await campaigns.start()
            try await campaigns.withWorker {
                try await eventually(within: .seconds(60), "some are sent") { try campaigns.shop.outbox().count > 100 }
                let pause = try await campaigns.store.run(PauseRun(run: run, why: "wrong price"))
                // Workers have looked at messages since, and put them off.
                try await eventually(within: .seconds(60), "messages are held") {
                    try await campaigns.shop.number(
                        """
                        select (select count(*) from martlet_data.due where reason = 'run_paused') - 100000 * (select count(*) from martlet_data.ready)
                        """) > 500
                }
                let late = try await campaigns.shop.number(
                    "select count(*) from martlet_data.attempts where admitted_at > to_timestamp(\(Double(pause.pausedAt.microseconds) / 1e6))"
                )
                #expect(late == 0)
                #expect(Set(pause.messages).count == Int(pause.inFlight))
                #expect(try await campaigns.states(run)["sent", default: 0] < 1500)
                #expect(try await campaigns.store.run(ListRuns(run: run)).first?.pausedFor == ["operator"])
                _ = try await ResumePausedRun(run: run, why: "corrected", mode: .send).run(on: campaigns.store)
                try await campaigns.shop.settle(within: .seconds(120))
            }
            #expect(try await campaigns.states(run) == ["sent": 1500])
            #expect(Set(try campaigns.shop.outbox().map(\.to)).count == 1500)
        }
    }

    @Test("a run that waits for its start can be paused, and nothing but a resume lets it go")
    func pauseBeforeStart() async throws {
        try await CampaignShop.with(people: 20, CampaignShop.yaml + "start: 2099-03-01 09:00\n") { campaigns in
            let run = try await campaigns.start()
            #expect(try await campaigns.store.run(ListRuns(run: run)).first?.state == "scheduled")
            _ = try await campaigns.store.run(PauseRun(run: run, why: "wait"))
            try await campaigns.shop.script("update martlet_data.run_chunks set due_at = clock_timestamp()")
            _ = try await campaigns.store.run(LoadCodes(pool: "any", codes: ["a"]))
            try await campaigns.releaseAll()
            #expect(try await campaigns.states(run) == ["waiting": 20])
            let resumed = try await ResumePausedRun(run: run, why: "go", mode: .send).run(on: campaigns.store)
            #expect(resumed.waiting == 20)
            try await campaigns.releaseAll()
            #expect(try await campaigns.states(run) == ["released": 20])
        }
    }

    @Test("what was late while a run was paused is given up with skip, and a preview changes nothing")
    func resumeSkips() async throws {
        try await CampaignShop.with(people: 40, CampaignShop.yaml + "pace: 10/s\n") { campaigns in
            let run = try await campaigns.start()
            _ = try await campaigns.store.run(PauseRun(run: run, why: "wait"))
            try await campaigns.shop.script(
                "update martlet_data.run_chunks set due_at = clock_timestamp() + case when chunk <= 2 then interval '-1 hour' else interval '1 hour' end"
            )
            let preview = try await ResumePausedRun(run: run, why: "go", mode: .skip, isPreview: true).run(on: campaigns.store)
            #expect(preview.skipped == 20 && preview.waiting == 20)
            #expect(try await campaigns.states(run) == ["waiting": 40])
            #expect(try await campaigns.store.run(ListRuns(run: run)).first?.state == "paused")
            _ = try await ResumePausedRun(run: run, why: "go", mode: .skip).run(on: campaigns.store)
            #expect(try await campaigns.states(run) == ["waiting": 20, "skipped:missed_window": 20])
        }
    }

    @Test("a run that is stopped releases and admits nothing more, its numbers add up, and it cannot go on")
    func stop() async throws {
        var policy = ShopPolicy()
        policy.rate = "100/s"
        try await CampaignShop.with(people: 600, CampaignShop.yaml + "pace: 100/s\n", policy: policy) { campaigns in
            let run = try await campaigns.start()
            try await campaigns.withWorker {
                try await eventually(within: .seconds(60), "some are sent") { try campaigns.shop.outbox().count > 50 }
                let (stoppedAt, waiting) = try await campaigns.store.run(StopRun(run: run, why: "sold out"))
                #expect(waiting > 0)
                try await campaigns.shop.settle(within: .seconds(60))
                let late = try await campaigns.shop.number(
                    "select count(*) from martlet_data.attempts where admitted_at > to_timestamp(\(Double(stoppedAt.microseconds) / 1e6))"
                )
                #expect(late == 0)
                let states = try await campaigns.states(run)
                #expect(states.values.reduce(0, +) == 600)
                #expect(Set(states.keys).subtracting(["sent", "skipped:stopped"]) == [])
            }
            let error = await #expect(throws: StoreError.self) { try await campaigns.store.run(PauseRun(run: run, why: "again")) }
            #expect(error?.sqlstate == "MT022")
        }
    }

    @Test("who opts out after the freeze gets nothing, and the report says why")
    func optOutAfterFreeze() async throws {
        try await CampaignShop.with(people: 30) { campaigns in
            let run = try await campaigns.start()
            try await campaigns.shop.script("select martlet.suppress('sms', '+447700000007', 'marketing', 'asked')")
            try await campaigns.withWorker {
                try await eventually(within: .seconds(60), "all are decided") {
                    let states = try await campaigns.states(run)
                    return states["waiting"] == nil && states["released"] == nil
                }
            }
            #expect(try await campaigns.states(run) == ["sent": 29, "skipped:opted_out": 1])
            #expect(try !campaigns.shop.outbox().map(\.to).contains("+447700000007"))
            let why = try #require(try await campaigns.store.run(WhyRecipient(person: "c-7")).first)
            #expect(why.state == "skipped" && why.reason == "opted_out" && why.run == run)
        }
    }

    @Test(
        "outside the window a message waits for it, goes all the same or is given up, as the campaign says",
        arguments: Campaign.Missed.allCases)
    func windowAtAdmit(missed: Campaign.Missed) async throws {
        try await CampaignShop.with(people: 5) { campaigns in
            let run = try await campaigns.start()
            try await campaigns.releaseAll()
            // A window that began two hours from now.
            try await campaigns.shop.script(
                """
                update martlet_data.runs set missed = '\(missed.rawValue)', window_from = (m + 120) % 1440, window_until = (m + 180) % 1440
                from (select extract(epoch from (now() at time zone 'Europe/London')::time)::int / 60 as m) m
                """)
            try await campaigns.withWorker {
                try await eventually(within: .seconds(60), "all are decided") {
                    try await campaigns.shop.number("select count(*) from martlet_data.ready")
                        + campaigns.shop.number("select count(*) from martlet_data.leased") == 0
                }
            }
            switch missed {
            case .now: #expect(try await campaigns.states(run) == ["sent": 5])
            case .skip: #expect(try await campaigns.states(run) == ["skipped:window": 5])
            case .tomorrow:
                #expect(
                    try await campaigns.shop.number(
                        "select count(*) from martlet_data.due where reason = 'window' and due_at between now() + interval '100 minutes' and now() + interval '121 minutes'"
                    ) == 5)
            }
        }
    }

    @Test("a run over four_eyes members waits for another admin, and its starter is not one")
    func fourEyes() async throws {
        try await CampaignShop.with(people: 20, CampaignShop.yaml + "four_eyes: 10\n") { campaigns in
            let run = try await campaigns.start()
            try await campaigns.releaseAll()
            #expect(try await campaigns.store.run(ListRuns(run: run)).first?.state == "awaiting_approval")
            #expect(try await campaigns.states(run) == ["waiting": 20])
            let error = await #expect(throws: StoreError.self) { try await campaigns.store.run(ApproveRun(run: run, why: nil)) }
            #expect(error?.sqlstate == "MT022")
            try await campaigns.shop.script("update martlet_data.runs set created_by = 'ann'")
            _ = try await campaigns.store.run(ApproveRun(run: run, why: "looks right"))
            try await campaigns.releaseAll()
            #expect(try await campaigns.states(run) == ["released": 20])
        }
    }
}
