import Domain
import PipelineSupport
import ProviderEvents
import StageSupport
import Store
import TestSupport
import Testing
import Transports

@testable import Callbacks
@testable import Pipeline

@Suite("Receipts of the parts of one message", .timeLimit(.minutes(5)))
struct EventOrderTests {
    /// One receipt for each part; what the message is at the end.
    static let cases: [(states: [CarrierReceipt.State], end: String)] = [
        ([.delivered, .delivered, .delivered], "delivered"),
        ([.delivered, .undeliverable, .delivered], "undelivered"),
        ([.expired, .undeliverable, .rejected], "undelivered"),
        ([.delivered, .enroute, .delivered], "accepted"),
        ([.unknown, .accepted, .enroute], "accepted"),
    ]

    @Test("delivered when all parts are, undelivered when one has failed, and not before")
    func parts() async throws {
        try await EventBench.with { bench in
            let message = try await bench.accepted(["+490000000001"])[0]
            try await bench.give(message, ["p1", "p2", "p3"], to: "+490000000001")
            try await bench.recorder.record([EventBench.receipt("p3"), EventBench.receipt("p1"), EventBench.receipt("p1")])
            #expect(try await bench.state(message) == "accepted")
            #expect(try await bench.kinds(message) == ["part_delivered 1", "part_delivered 3"])
            try await bench.recorder.record([EventBench.receipt("p2", .undeliverable)])
            #expect(try await bench.state(message) == "undelivered undeliverable")
            try await bench.recorder.record([EventBench.receipt("p2")])
            #expect(try await bench.state(message) == "delivered", "delivered all the same")
        }
    }

    @Test("in whatever order, however often and by whichever of two recorders at once: the same end")
    func anyOrder() async throws {
        var random = SystemRandomNumberGenerator()
        let seed = UInt64.random(in: 0...UInt64.max, using: &random)
        var generator = Numbers(state: seed)
        try await EventBench.with { bench in
            let rounds = 60
            let phones = (0..<rounds).map { "+4900000010\($0 + 10)" }
            let messages = try await bench.accepted(phones)
            var batches: [[ProviderEvent]] = [[], []]
            for (index, message) in messages.enumerated() {
                let ids = (1...3).map { "m\(index)p\($0)" }
                try await bench.give(message, ids, to: phones[index])
                for (part, state) in Self.cases[index % Self.cases.count].states.enumerated() {
                    for _ in 0...Int.random(in: 0...2, using: &generator) {
                        let at = Int.random(in: 0...1, using: &generator)
                        batches[at].append(EventBench.receipt(ids[part], state))
                    }
                }
            }
            let shuffled = batches.map { $0.shuffled(using: &generator) }
            // Small batches, so that the two meet again and again.
            try await withThrowingTaskGroup(of: Void.self) { group in
                for events in shuffled {
                    group.addTask {
                        for start in stride(from: 0, to: events.count, by: 7) {
                            try await bench.recorder.record(Array(events[start..<min(start + 7, events.count)]))
                        }
                    }
                }
                try await group.waitForAll()
            }
            for (index, message) in messages.enumerated() {
                let state = try await bench.state(message).prefix { $0 != " " }
                #expect(state == Self.cases[index % Self.cases.count].end, "message \(index), seed \(seed)")
                let kinds = try await bench.kinds(message)
                #expect(kinds.count == Set(kinds).count, "written twice: \(kinds), seed \(seed)")
            }
        }
    }

    /// SplitMix64.
    struct Numbers: RandomNumberGenerator {
        var state: UInt64
        mutating func next() -> UInt64 {
            state &+= 0x9E37_79B9_7F4A_7C15
            var z = state
            z = (z ^ (z >> 30)) &* 0xBF58_476D_1CE4_E5B9
            z = (z ^ (z >> 27)) &* 0x94D0_49BB_1331_11EB
            return z ^ (z >> 31)
        }
    }

    @Test("two parts' receipts in two transactions at once do not both miss the other")
    func together() async throws {
        try await EventBench.with { bench in
            let phones = (0..<100).map { "+4900000011\($0 + 100)" }
            let messages = try await bench.accepted(phones)
            for (index, message) in messages.enumerated() {
                try await bench.give(message, ["t\(index)a", "t\(index)b"], to: phones[index])
            }
            for start in stride(from: 0, to: 100, by: 5) {
                async let first: Void = bench.recorder.record((start..<start + 5).map { EventBench.receipt("t\($0)a") })
                async let second: Void = bench.recorder.record(
                    (start..<start + 5).reversed().map { EventBench.receipt("t\($0)b") })
                _ = try await (first, second)
            }
            #expect(try await bench.shop.states() == ["delivered": 100])
        }
    }
}
