import Domain
import PipelineSupport
import Postgres
import StageSupport
import Store
import TestSupport
import Testing

@testable import Pipeline
@testable import Worker

@Suite("What waits in a lane without a class is sent all the same", .timeLimit(.minutes(5)))
struct RetiredClassTests {
    private static let extra = """
          extra:
            lane: LANE
            time_to_live: 24h
            attempts: 3
            retry_base: 1s
            retry_limit: 1s
            consent: false
            in_doubt: hold
            resends: 0

        """
    private func policy(lane: Int?, _ change: (inout ShopPolicy) -> Void = { _ in }) -> ShopPolicy {
        ShopPolicy {
            change(&$0)
            if let lane { $0.moreClasses = Self.extra.replacing("LANE", with: "\(lane)") }
        }
    }

    @Test("a class moves to another lane: what waits in the old one is claimed by weight like any other")
    func moved() async throws {
        try await Shop.with(policy(lane: 6)) { shop in
            try await shop.enqueue("extra", to: "+447700900001")
            try await shop.apply(policy(lane: 7))
            try await shop.enqueue("extra", to: "+447700900002")
            let bench = try await Bench(shop)
            while let batch = try await bench.claim.next(limit: 50) {
                try await bench.process(batch)
                try await bench.recordAll()
            }
            #expect(try await shop.states() == ["accepted": 2])
        }
    }

    @Test("a class is retired with its lane: what waits is sent by the last policy that had it, with its cap and route")
    func retired() async throws {
        let caps = #"{few: {classes: [extra], window: 1d, limit: 1, over: drop}}"#
        try await Shop.with(policy(lane: 6) { $0.caps = caps }) { shop in
            try await shop.enqueue("extra", to: "+447700900001")
            try await shop.enqueue("extra", to: "+447700900001")
            try await shop.enqueue(
                "extra", to: "+447700900002", arguments: "scheduled_at => clock_timestamp() + interval '1 hour'")
            try await shop.apply(policy(lane: nil))
            #expect(try await shop.store.run(CountWaiting(classes: ["extra", "marketing"])) == ["extra": 3])
            await #expect(throws: (any Error).self, "nothing new") { try await shop.enqueue("extra", to: "+447700900003") }
            // And once more: the policy that retired it is not the newest one any longer.
            try await shop.apply(policy(lane: nil) { $0.window = 99 })
            let bench = try await Bench(shop)
            #expect(bench.shared.policy.policy.classes["extra"]?.lane == 6)
            while let batch = try await bench.claim.next(limit: 50) {
                try await bench.process(batch)
                try await bench.recordAll()
            }
            #expect(try await shop.states() == ["accepted": 1, "capped": 1, "due": 1])
        }
    }

    @Test("a class that comes back is what the new policy says")
    func back() async throws {
        try await Shop.with(policy(lane: 6)) { shop in
            try await shop.apply(policy(lane: nil))
            try await shop.apply(policy(lane: 5))
            let snapshot = try #require(try await PolicyInForce.load(from: shop.store)).snapshot
            #expect(snapshot.policy.classes["extra"]?.lane == 5)
        }
    }
}
