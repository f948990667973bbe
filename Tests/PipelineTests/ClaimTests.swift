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

@Suite("Claim", .serialized)
struct ClaimTests {
    @Test("what commits late is found behind the scan position, also when the queue probe has passed it before a look")
    func late() async throws {
        try await Shop.with { shop in
            let bench = try await Bench(shop)
            let other = try await shop.scratch.connect()
            try await other.execute(script: "begin", name: "begin")
            let id = try await shop.enqueue("otp", to: "+447700900001", on: other)
            for number in 2...9 { try await shop.enqueue("otp", to: "+44770090000\(number)") }
            try await bench.refresh()
            #expect(try await bench.claim.take(lane: 0, limit: 50)?.messages.count == 8)
            #expect(try await bench.claim.takeLateCommits(lane: 0, limit: 50) == nil)
            try await other.execute(script: "commit", name: "commit")
            await other.close()
            // The position of the late one is settled now, several times over.
            for _ in 0..<4 { try await bench.refresh() }
            #expect(try await bench.claim.take(lane: 0, limit: 50) == nil)
            #expect(try await bench.claim.takeLateCommits(lane: 0, limit: 50)?.messages.map(\.lease.messageID.rawValue) == [id])
            #expect(try await bench.claim.takeLateCommits(lane: 0, limit: 50) == nil)
        }
    }

    @Test("a failed claim names itself, and only what it leased goes back")
    func lostAnswer() async throws {
        try await Shop.with { shop in
            try await shop.enqueueMany("marketing", count: 4)
            let bench = try await Bench(shop)
            let kept = try #require(try await bench.claim.take(lane: 3, limit: 2)).messages
            let lost = try #require(try await bench.claim.take(lane: 3, limit: 2)).messages
            let work = TakeBack(shared: bench.shared, database: shop.store)
            #expect(try await work.takeBack(claim: lost[0].lease.claim, session: lost[0].lease.session) == 2)
            #expect(try await work.takeBack(claim: lost[0].lease.claim, session: lost[0].lease.session) == 0)
            let leased = Set(try await shop.texts("select message_id::text from martlet_data.leased"))
            #expect(leased == Set(kept.map { "\($0.lease.messageID)" }))
            #expect(try await shop.number("select count(*) from martlet_data.ready where deaths = 0 and attempt = 0") == 2)
        }
    }

    @Test("a batch that cannot be admitted because the worker drains goes back whole, without a death")
    func drain() async throws {
        try await Shop.with { shop in
            try await shop.enqueueMany("marketing", count: 4)
            let bench = try await Bench(shop)
            let batch = try #require(try await bench.claim.take(lane: 3, limit: 4))
            bench.shared.drain()
            await #expect(throws: LeaseNoLongerHeld.self) { try await bench.process(batch) }
            #expect(try shop.outbox().isEmpty)
            #expect(try await shop.texts("select count(*) || ' ' || max(deaths) from martlet_data.ready") == ["4 0"])
        }
    }

    @Test("a fenced worker admits nothing and moves nothing; its answer is kept as stale evidence")
    func fenced() async throws {
        try await Shop.with { shop in
            try await shop.enqueue("otp", to: "+447700900001")
            try await shop.enqueue("marketing", to: "+447700900002")
            let bench = try await Bench(shop)
            let sent = try #require(try await bench.claim.take(lane: 0, limit: 1))
            try await bench.process(sent)
            let unsent = try #require(try await bench.claim.take(lane: 3, limit: 1)).messages
            // Rescue as another worker does it.
            let other = try await Bench(shop)
            try await shop.script(
                "update martlet_data.sessions set beat_at = clock_timestamp() - interval '11 seconds' where id = \(bench.shared.session)"
            )
            #expect(try await Rescue(shared: other.shared, database: shop.store).round() == ["resend": 1, "ready": 1])
            try await bench.recordAll()
            let answer = try await Admit(shared: bench.shared, database: shop.store, providerQueues: bench.providerQueues).admit(
                Render(
                    snapshot: bench.shared.policy, prices: bench.shared.policy.prices(at: bench.shared.databaseNow()),
                    router: Router(bench.shared.policy.policy),
                    overrides: [:]
                ).render(unsent).works, ClaimBudget.Hold(limit: 1))
            #expect(answer.admitted.isEmpty && answer.others == ["lease_lost": 1])
            #expect(
                try await shop.texts("select kind || ' ' || stale from martlet_data.receipts order by 1") == [
                    "accepted true", "unknown false",
                ])
            #expect(try await shop.number("select count(*) from martlet_data.due") == 1)
            #expect(
                try await shop.number("select count(*) from martlet_data.messages where variables::text = '{}'") == 0,
                "it may still be sent")
            // The evidence decides: what was due to be sent again is ended instead.
            try await eventually(within: .seconds(10), "it is due again") { try await other.promote() == 1 }
            #expect(try await other.step(lane: 0))
            #expect(try shop.outbox().count == 1)
            #expect(try await shop.states()["accepted"] == 1)
            #expect(try await shop.number("select count(*) from martlet_data.messages where variables::text = '{}'") == 1)
        }
    }

    @Test("a fenced worker that says later that nothing was written brings its dead letters in doubt back, and only these")
    func unsent() async throws {
        try await Shop.with { shop in
            try await shop.enqueueMany("marketing", count: 3)
            let bench = try await Bench(shop)
            let batch = try #require(try await bench.claim.take(lane: 3, limit: 3))
            let admitted = try await Admit(shared: bench.shared, database: shop.store, providerQueues: bench.providerQueues)
                .admit(
                    Render(
                        snapshot: bench.shared.policy, prices: bench.shared.policy.prices(at: bench.shared.databaseNow()),
                        router: Router(bench.shared.policy.policy), overrides: [:]
                    ).render(batch.messages).works, ClaimBudget.Hold(limit: 3)
                ).admitted.map(\.work)
            #expect(admitted.count == 3)
            let other = try await Bench(shop)
            try await shop.script(
                "update martlet_data.sessions set beat_at = clock_timestamp() - interval '11 seconds' where id = \(bench.shared.session)"
            )
            _ = try await Rescue(shared: other.shared, database: shop.store).round()
            #expect(try await shop.states() == ["dead:in_doubt": 3])
            // The outcome of the second is not known, and the third was discarded meanwhile.
            try await shop.script("select martlet.discard(\(admitted[2].message.id), 'asked by phone')")
            let unwritten = Outcome.deferred(
                Failure(
                    code: "not_sent", detail: "the worker is stopping; nothing was written", blame: .martlet, countsAttempt: false
                )
            )
            let answers = [
                (admitted[0], unwritten), (admitted[1], .unknown(.init(code: "timeout", detail: "", blame: .provider))),
                (admitted[2], unwritten),
            ]
            _ = try await Record(shared: bench.shared, database: shop.store).record(
                answers.map { work, outcome in
                    (
                        SubmissionResult(
                            messageID: work.message.id, attempt: Int(work.attempt), outcome: outcome, latency: .zero), work
                    )
                })
            #expect(try await shop.states() == ["ready": 1, "dead:in_doubt": 1, "discarded": 1])
            #expect(
                try await shop.texts("select object from martlet.audit where action = 'reopen_unsent'") == [
                    "\(admitted[0].message.id)"
                ])
            #expect(
                try await shop.texts(
                    "select attempt || ' ' || burned from martlet_data.ready where message_id = \(admitted[0].message.id)") == [
                        "1 0"
                    ])
            try await other.refresh()
            other.claim.resetScanPositions()
            #expect(try await other.step(lane: 3))
            #expect(try shop.outbox().map { $0.messageID } == [admitted[0].message.id.rawValue])
            #expect(try await shop.states() == ["accepted": 1, "dead:in_doubt": 1, "discarded": 1])
        }
    }

    @Test("what its session left when it ended is no death; what a dead session left is")
    func workerCrashes() async throws {
        try await Shop.with { shop in
            try await shop.enqueueMany("notification", count: 2)
            let (ended, dead, living) = (try await Bench(shop), try await Bench(shop), try await Bench(shop))
            _ = try await ended.claim.take(lane: 2, limit: 1)
            _ = try await dead.claim.take(lane: 2, limit: 1)
            try await shop.store.run(EndSession(session: ended.shared.session))
            try await shop.script(
                "update martlet_data.sessions set beat_at = clock_timestamp() - interval '11 seconds' where id = \(dead.shared.session)"
            )
            #expect(try await Rescue(shared: living.shared, database: shop.store).round() == ["ready": 2])
            let rows = try await shop.texts(
                "select s.lane || ' ' || r.deaths from martlet_data.ready r join martlet_data.segments s on s.kind = 'ready' and s.slot = r.slot order by 1"
            )
            #expect(rows == ["2 0", "8 1"])
        }
    }
}
