import Glibc
import PipelineSupport
import TestSupport
import Testing

extension Faults {
    @Suite("SIGTERM")
    struct DrainTests {
        private func counts(_ shop: Shop) async throws -> (leased: Int, suspects: Int, workerCrashes: Int) {
            (
                try await shop.number("select count(*) from martlet_data.leased"),
                try await shop.number(
                    "select count(*) from martlet_data.ready r join martlet_data.segments s on s.kind = 'ready' and s.slot = r.slot where s.lane = 8"
                ),
                try await shop.number("select coalesce((select max(deaths) from martlet_data.ready), 0)")
            )
        }

        @Test(
            "during sends: what is on its way is recorded, the rest handed back, nothing is leased, no attempt is counted, exit 0"
        )
        func drain() async throws {
            try await Shop.with(
                ShopPolicy {
                    $0.rules = "* accept latency 300ms..600ms"
                    $0.window = 20
                }
            ) { shop in
                try await shop.enqueueMany("notification", count: 2000)
                let worker = try WorkerProgram.start(in: shop, settings: ["worker.claim_batch=50"])
                try await eventually(within: .seconds(30), "sends are on their way") { try shop.outbox().count > 30 }
                #expect(try await worker.terminate() == 0, "\(worker.output)")
                let after = try await counts(shop)
                #expect(after.leased == 0, "\(after) \(worker.output)")
                #expect(after.suspects == 0 && after.workerCrashes == 0, "a drain is no death: \(after)")
                #expect(try await shop.number("select count(*) from martlet_data.ready where burned > 0") == 0)
                let accepted = try await shop.number("select count(*) from martlet_data.receipts where kind = 'accepted'")
                #expect(try shop.outbox().count == accepted)
                #expect(try await shop.number("select count(*) from martlet_data.sessions where ended_at is null") == 0)
            }
        }

        @Test("while it claims as fast as it can: nothing is left leased and nothing counts as a death", .timeLimit(.minutes(3)))
        func drainUnderLoad() async throws {
            try await Shop.with { shop in
                for _ in 0..<4 {
                    try await shop.enqueueMany("notification", count: 3000)
                    let sent = try shop.outbox().count
                    let worker = try WorkerProgram.start(in: shop, settings: ["worker.claim_batch=20"])
                    try await eventually(within: .seconds(30), poll: .milliseconds(2), "it sends") {
                        try shop.outbox().count > sent + 50
                    }
                    #expect(try await worker.terminate() == 0, "\(worker.output)")
                    let after = try await counts(shop)
                    #expect(
                        after.leased == 0 && after.suspects == 0 && after.workerCrashes == 0,
                        "\(after) \(worker.output.suffix(2000))")
                }
                let ids = try shop.outbox().map(\.messageID)
                #expect(Set(ids).count == ids.count, "handed over twice")
            }
        }

        @Test("a second SIGTERM does not wait for slow answers: what has none is in doubt", .timeLimit(.minutes(3)))
        func hurry() async throws {
            try await Shop.with(
                ShopPolicy {
                    $0.rules = "* slow"
                    $0.timeout = "20s"
                }
            ) { shop in
                try await shop.enqueueMany("marketing", count: 5)
                let worker = try WorkerProgram.start(in: shop, settings: ["worker.drain_grace=60s"])
                try await eventually(within: .seconds(30), "the provider has them") { try shop.outbox().count == 5 }
                worker.kill(SIGTERM)
                try await eventually(within: .seconds(10), "it drains") { worker.output.contains("draining") }
                let clock = ContinuousClock()
                let start = clock.now
                worker.kill(SIGTERM)
                #expect(try await worker.wait(within: .seconds(30)) == 0, "\(worker.output)")
                #expect(
                    clock.now - start < .seconds(15), "not as long as an answer may take: it hurried for \(clock.now - start)")
                let second = try WorkerProgram.start(in: shop, name: "second")
                try await shop.settle(within: .seconds(30))
                #expect(try await shop.states() == ["dead:in_doubt": 5])
                #expect(try shop.outbox().count == 5)
                #expect(try await second.terminate() == 0)
            }
        }

        @Test("the grace period bounds the drain whatever the provider does", .timeLimit(.minutes(3)))
        func grace() async throws {
            try await Shop.with(
                ShopPolicy {
                    $0.rules = "* slow"
                    $0.timeout = "20s"
                }
            ) { shop in
                try await shop.enqueueMany("marketing", count: 5)
                let worker = try WorkerProgram.start(in: shop, settings: ["worker.drain_grace=1s"])
                try await eventually(within: .seconds(30), "the provider has them") { try shop.outbox().count == 5 }
                let clock = ContinuousClock()
                let start = clock.now
                #expect(try await worker.terminate(within: .seconds(30)) == 0, "\(worker.output)")
                #expect(
                    clock.now - start < .seconds(15), "not as long as an answer may take: it drained for \(clock.now - start)")
            }
        }
    }
}
