import Foundation
import Glibc
import PipelineSupport
import TestSupport
import Testing

extension Faults {
    @Suite("Follow-ups while workers die")
    struct FollowUpTests {
        static let each = 150

        @Test(
            "workers are killed again and again: everybody whose SMS failed, or whose mail was not opened, gets one message on the other channel",
            .timeLimit(.minutes(3)))
        func killed() async throws {
            let policy = ShopPolicy { $0.rules = "+4477* reject" }
            try await Shop.with(policy) { shop in
                try await shop.script(
                    """
                    select count(martlet.follow_up(martlet.enqueue('notification', 'sms', '+' || (447700900000 + n), 'note', '{"text": "on its way"}'),
                        'undelivered', 'email', 'fallback' || n || '@example.com')) from generate_series(1, \(Self.each)) n;
                    select count(martlet.follow_up(martlet.enqueue('transactional', 'email', 'mail' || n || '@example.com', 'note', '{"text": "your order"}'),
                        'not_opened', 'sms', '+' || (448800900000 + n), '1 second')) from generate_series(1, \(Self.each)) n;
                    """)
                var workers: [ChildProcess] = []
                for round in 0..<4 {
                    workers.append(try WorkerProgram.start(in: shop, name: "w\(round)", settings: ["worker.claim_batch=20"]))
                    let before = try await decided(shop)
                    // Killed in the middle of it, as far as there is a middle left.
                    do {
                        try await eventually(within: .seconds(5), poll: .milliseconds(5), "it decides") {
                            try await decided(shop) > before
                        }
                    } catch is NeverHappened {
                        #expect(before == 2 * Self.each, "round \(round): nothing is decided")
                    }
                    workers.last?.kill(SIGKILL)
                }
                let last = try WorkerProgram.start(in: shop, name: "last")
                try await eventually(within: .seconds(60), "all are decided") { try await decided(shop) == 2 * Self.each }
                try await shop.settle(within: .seconds(60))
                try await eventually(within: .seconds(30), "the last worker works") { last.output.contains("working") }
                #expect(try await last.terminate() == 0, "\(last.output)")
                let outcomes = try await shop.texts(
                    "select condition || ' ' || state || ' ' || count(*) from martlet.follow_ups group by condition, state order by 1"
                )
                #expect(outcomes == ["not_opened sent \(Self.each)", "undelivered sent \(Self.each)"])
                // By the provider's own ledger: one message to each, though one in doubt may have been handed over again.
                let handed = try shop.outbox().filter { $0.to.hasPrefix("fallback") || $0.to.hasPrefix("+4488") }
                #expect(Set(handed.map(\.to)).count == 2 * Self.each)
                #expect(Set(handed.map(\.messageID)).count == 2 * Self.each)
            }
        }

        private func decided(_ shop: Shop) async throws -> Int {
            try await shop.number("select count(*) from martlet_data.follow_ups where state <> 'open'")
        }
    }
}
