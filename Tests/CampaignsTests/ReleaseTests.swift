import Campaigns
import Domain
import Foundation
import PipelineSupport
import Postgres
import Store
import TestSupport
import Testing

@Suite("Each member of a run becomes one message, whatever happens", .serialized, .timeLimit(.minutes(5)))
struct ReleaseTests {
    @Test("eight releasers at once release everybody once, and the report adds up")
    func releasersAtOnce() async throws {
        try await CampaignShop.with(people: 3000, CampaignShop.yaml + "pace: 20/s\n") { campaigns in
            let run = try await campaigns.start()
            // Chunks of 20, all of them due.
            try await campaigns.shop.script("update martlet_data.run_chunks set due_at = clock_timestamp() - interval '1 second'")
            #expect(try await campaigns.shop.number("select count(*) from martlet_data.run_chunks") == 150)
            try await withThrowingTaskGroup(of: Void.self) { group in
                for _ in 1...8 { group.addTask { try await campaigns.releaseAll() } }
                try await group.waitForAll()
            }
            try await campaigns.releaseAll()
            #expect(try await campaigns.shop.number("select count(distinct recipient_key) from martlet_data.messages") == 3000)
            #expect(try await campaigns.shop.number("select count(*) from martlet_data.messages") == 3000)
            #expect(try await campaigns.shop.number("select count(*) from martlet_data.ready") == 3000)
            #expect(try await campaigns.states(run) == ["released": 3000])
            #expect(try await campaigns.store.run(CloseRuns()) == 1)
            #expect(try await campaigns.store.run(ListRuns(run: run)).first?.state == "released")
        }
    }

    @Test("a worker that dies in the middle of a release has released no person, and the next one releases all")
    func deathInTheMiddle() async throws {
        try await CampaignShop.with(people: 300) { campaigns in
            let run = try await campaigns.start()
            let other = try await campaigns.shop.scratch.connect()
            try await other.execute(script: "begin; select martlet_data.release_chunk(100000)", name: "release")
            let process = try await other.value("select pg_backend_pid()")
            // Another worker passes the chunk over.
            #expect(try await campaigns.store.run(ReleaseChunk(room: 100_000)) == nil)
            try await campaigns.shop.script("select pg_terminate_backend(\(process ?? "0"), 10000)")
            #expect(try await campaigns.states(run) == ["waiting": 300])
            #expect(try await campaigns.store.run(ReleaseChunk(room: 100_000))?.released == 300)
            #expect(try await campaigns.store.run(ReleaseChunk(room: 100_000)) == nil)
            #expect(try await campaigns.shop.number("select count(*) from martlet_data.messages") == 300)
        }
    }

    @Test("workers that are killed with -9 all the while send no person two messages and leave no person out")
    func killedWorkers() async throws {
        try await CampaignShop.with(people: 4000, CampaignShop.yaml + "pace: 500/s\n") { campaigns in
            let run = try await campaigns.start()
            var workers = try ["a", "b"].map { try WorkerProgram.start(in: campaigns.shop, name: $0) }
            var kills = 0
            // Each time some more chunks are released, one of the two dies.
            while try await campaigns.shop.number("select count(*) from martlet_data.run_chunks where released_at is null") > 0 {
                let before = try await campaigns.shop.number(
                    "select count(*) from martlet_data.run_chunks where released_at is not null")
                try await eventually(within: .seconds(60), "a chunk is released") {
                    try await campaigns.shop.number("select count(*) from martlet_data.run_chunks where released_at is not null")
                        > before
                }
                kills += 1
                workers[kills % 2].kill(SIGKILL)
                _ = try await workers[kills % 2].wait()
                workers[kills % 2] = try WorkerProgram.start(in: campaigns.shop, name: "k\(kills)")
            }
            #expect(kills > 3)
            try await campaigns.shop.settle(within: .seconds(120))
            for worker in workers { _ = try await worker.terminate() }
            let states = try await campaigns.states(run)
            // Marketing is held in doubt: what a killed worker had on its way is unknown, and is not sent again.
            #expect((states["sent"] ?? 0) + (states["unknown:in_doubt"] ?? 0) == 4000, "\(states)")
            let arrived = Dictionary(grouping: try campaigns.shop.outbox().filter(\.mayHaveArrived), by: \.to)
            #expect(arrived.values.allSatisfy { $0.count == 1 })
            #expect(arrived.count >= Int(states["sent"] ?? 0))
        }
    }

    @Test("a run with a pace releases as much as its pace says, and not before")
    func pace() async throws {
        try await CampaignShop.with(people: 500, CampaignShop.yaml + "pace: 50/s\n") { campaigns in
            _ = try await campaigns.start()
            let spans = try await campaigns.shop.texts(
                "select (extract(epoch from due_at - min(due_at) over ()) * 1000)::int8::text from martlet_data.run_chunks order by due_at"
            )
            #expect(spans == (0..<10).map { "\($0 * 1000)" })
            try await campaigns.shop.script(
                "update martlet_data.run_chunks set due_at = due_at + interval '1 hour' where chunk > 1")
            try await campaigns.releaseAll()
            #expect(try await campaigns.shop.number("select count(*) from martlet_data.messages") == 50)
        }
    }

    @Test("a run without a pace stays a few seconds ahead of what providers take")
    func backlog() async throws {
        try await CampaignShop.with(people: 12_000) { campaigns in
            _ = try await campaigns.start()
            while try await campaigns.store.run(ReleaseChunk(room: 10_000)) != nil {}
            #expect(try await campaigns.shop.number("select count(*) from martlet_data.ready") == 10_000)
            try await campaigns.shop.script("delete from martlet_data.ready")
            while try await campaigns.store.run(ReleaseChunk(room: 10_000)) != nil {}
            #expect(try await campaigns.shop.number("select count(*) from martlet_data.messages") == 12_000)
        }
    }

    @Test("what a run cannot release stops this run, says why, and keeps no other run back")
    func oneBadRun() async throws {
        try await CampaignShop.with(people: 10) { campaigns in
            let bad = try await campaigns.start()
            let good = try await campaigns.start()
            // As a table that was restored by hand: one of its messages was enqueued before.
            try await campaigns.shop.script(
                "insert into martlet_data.idempotency_keys values ((select created_by from martlet_data.runs limit 1), 'run:\(bad):c-5', '', 1, now())"
            )
            try await campaigns.releaseAll()
            #expect(try await campaigns.states(bad) == ["waiting": 10])
            #expect(try await campaigns.states(good) == ["released": 10])
            let run = try #require(try await campaigns.store.run(ListRuns(run: bad)).first)
            #expect(run.pausedFor == ["refused"])
            #expect(run.pauseReason?.contains("chunk 1 cannot be released") == true)
        }
    }
}
