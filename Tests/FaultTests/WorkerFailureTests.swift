import PipelineSupport
import TestSupport
import Testing

extension Faults {
    @Suite("A worker fails at each point of a message's way, in each way")
    struct WorkerFailureTests {
        /// Eight at a time, so that two cores keep up.
        @Test(
            "every message ends in exactly one final state, handed over no more often than its class allows, each with an attempt",
            .timeLimit(.minutes(4)), arguments: [["after_claim", "after_admit"], ["after_send", "before_record"]])
        func matrix(points: [String]) async throws {
            let scenarios = Scenario.all.filter { points.contains($0.point) }
            try await withThrowingTaskGroup(of: (Scenario, Scenario.Outcome).self) { group in
                for scenario in scenarios {
                    group.addTask {
                        try await Shop.with { shop in
                            // A server that has just started gives everybody time to beat.
                            try await eventually(within: .seconds(10), "the server is up for a while") {
                                try await shop.number("select extract(epoch from clock_timestamp() - pg_postmaster_start_time())")
                                    >= 5
                            }
                            return (scenario, try await scenario.run(in: shop))
                        }
                    }
                }
                for try await (scenario, outcome) in group { check(scenario, outcome) }
            }
        }

        private func check(_ scenario: Scenario, _ outcome: Scenario.Outcome) {
            let name = scenario.testDescription
            let seconds = outcome.recovered.components
            print(
                "recovered \(name) \(seconds.seconds).\(seconds.attoseconds / 100_000_000_000_000_000) s, \(outcome.states), \(outcome.outbox.count) hand-overs"
            )
            #expect(outcome.states.values.reduce(0, +) == 4 * Scenario.each, "\(name): \(outcome.states)")
            // What the provider received was committed as an attempt before.
            for line in outcome.outbox {
                #expect(outcome.attempts.contains(.init(messageID: line.messageID, attempt: line.attempt)), "\(name): \(line)")
            }
            #expect(
                Set(outcome.outbox.map { "\($0.messageID) \($0.attempt)" }).count == outcome.outbox.count,
                "\(name): an attempt was handed over twice")
            for (index, messageClass) in ShopPolicy.classes.enumerated() {
                for (id, count) in outcome.handOvers(of: index) {
                    #expect(
                        count <= 1 + (ShopPolicy.resends[messageClass] ?? 0),
                        "\(name): \(messageClass) \(id) was handed over \(count) times")
                }
            }
            if scenario.action == .kill { checkKill(scenario, outcome) }
            if scenario.point == "after_claim" {
                // Nothing was admitted: all are sent, and no attempt was counted.
                #expect(outcome.states == ["accepted": 4 * Scenario.each], "\(name)")
                #expect(outcome.attempts.count == 4 * Scenario.each, "\(name)")
                #expect(outcome.outbox.count == 4 * Scenario.each, "\(name)")
            }
        }

        private func checkKill(_ scenario: Scenario, _ outcome: Scenario.Outcome) {
            let name = scenario.testDescription
            #expect(outcome.recovered < .seconds(15), "\(name): back in work after \(outcome.recovered)")
            guard scenario.point != "after_claim" else { return }
            // Killed with the first batch; the lanes that were not yet claimed lose nothing.
            let held = outcome.states["dead:in_doubt"] ?? 0
            #expect(outcome.states == (held == 0 ? ["accepted": 12] : ["accepted": 12 - held, "dead:in_doubt": held]), "\(name)")
            #expect(outcome.attempts.count > 12 - held, "\(name): one was admitted and lost")
        }
    }
}
