import Domain
import Events
import Glibc
import PipelineSupport
import Postgres
import Store
import TestSupport
import Testing

@testable import Pipeline

/// How many receipts a second one recorder keeps; a command of its own: `MARTLET_MEASURE=1 swift test --filter EventSpeedTests`.
@Suite("Speed of receipts", .serialized, .enabled(if: getenv("MARTLET_MEASURE") != nil), .timeLimit(.minutes(10)))
struct EventSpeedTests {
    static let count = 100_000

    @Test("receipts in batches of 500, by what they find", arguments: [(1, 1), (1, 2), (3, 1)])
    func speed(parts: Int, recorders: Int) async throws {
        try await EventBench.with { bench in
            try await bench.shop.connection.execute(
                script: """
                    insert into martlet_data.messages (id, class_id, channel_id, recipient_key, address, template, variables, producer, created_at, expires_at)
                        select martlet_data.first_id(now()) + n, 1, 1, 'k', '+49' || n, 'note', '{}', 'p', now(), now() + interval '1 day' from generate_series(1, \(Self.count)) n;
                    insert into martlet_data.receipts (message_id, kind, attempt) select id, 'accepted', 1 from martlet_data.messages;
                    insert into martlet_data.carrier_ids (folded, id, provider, recipient, message_id, attempt, part, parts)
                        select to_hex(n * 10 + p), to_hex(n * 10 + p), 'carrier', '+49' || n, martlet_data.first_id(now()) + n, 1, p, \(parts)
                        from generate_series(1, \(Self.count)) n, generate_series(1, \(parts)) p;
                    analyze;
                    """, name: "fill", within: .seconds(120))
            let events = (1...Self.count / parts).flatMap { n in
                (1...parts).map { EventBench.receipt(String(n * 10 + $0, radix: 16), from: "49\(n)") }
            }
            for round in ["first", "again"] {
                let started = ContinuousClock.now
                try await withThrowingTaskGroup(of: Void.self) { group in
                    for recorder in 0..<recorders {
                        group.addTask {
                            for at in stride(from: recorder * 500, to: events.count, by: 500 * recorders) {
                                try await bench.recorder.record(Array(events[at..<min(at + 500, events.count)]))
                            }
                        }
                    }
                    try await group.waitForAll()
                }
                let seconds = (ContinuousClock.now - started) / .seconds(1)
                print("\(parts) parts, \(recorders) recorders, \(round): \(Int(Double(events.count) / seconds)) receipts/s")
            }
            #expect(try await bench.shop.states()["delivered"] ?? 0 >= Self.count / parts)
        }
    }
}
