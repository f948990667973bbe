import Logging
import PipelineSupport
import Postgres
import ProviderEvents
import StageSupport
import Store
import Telemetry
import TestSupport
import Testing

@testable import Pipeline
@testable import Worker

@Suite("When a part is closed")
struct RotationTests {
    private func isFull(_ kind: LoadRingParts.Kind, pages: Int64, reused: Int32 = 0, rows: Int64 = 0) -> Bool {
        Maintenance.isFull(
            LoadRingParts.Part(
                kind: kind, lane: 1, number: 3, generation: 1, isFree: false, pages: pages, reusedPages: reused,
                insertedRows: rows)
        )
    }

    @Test(
        "one that began empty is closed by its pages",
        arguments: [(.ready, 700), (.leased, 1000), (.due, 1000)] as [(LoadRingParts.Kind, Int64)])
    func fresh(kind: LoadRingParts.Kind, pages: Int64) {
        #expect(!isFull(kind, pages: pages - 1))
        #expect(!isFull(kind, pages: pages - 1, rows: 1_000_000), "the rows of such a one are not counted")
        #expect(isFull(kind, pages: pages))
    }

    @Test("one that began with its old pages is closed by what was inserted since, or when it grows")
    func reused() {
        #expect(!isFull(.ready, pages: 710, reused: 710, rows: 99_999))
        #expect(isFull(.ready, pages: 710, reused: 710, rows: 100_000))
        #expect(isFull(.ready, pages: 711, reused: 710))
        #expect(!isFull(.ready, pages: 30, reused: 3), "it was small; it grows to the size of others first")
    }

    @Test("beside a reader a part is cleaned, used again and closed by its rows; when the reader is gone all are truncated")
    func besideReader() async throws {
        try await EventBench.with { events in
            let shop = events.shop
            let logger = Logger(label: "t") { _ in SwiftLogNoOpLogHandler() }
            let maintenance = Maintenance(
                shared: events.bench.shared, database: shop.store, recorder: events.recorder,
                providerQueues: events.bench.providerQueues,
                signals: LoopSignals(), inFlight: events.bench.inFlight, meters: Meters(), logger: logger)
            let reader = try await shop.scratch.connect()
            var used: [Int] = []
            for round in 1...5 {
                let part = try await current(shop)
                used.append(part)
                // More than a fresh one is closed at, and as many as one with old pages is.
                try await shop.script(
                    """
                    insert into martlet_data.ready (slot, seq, message_id) select \(part), nextval('martlet_data.message_seq'), n from generate_series(1, 100000) n;
                    delete from martlet_data.ready_\(part); select pg_stat_force_next_flush()
                    """)
                try await reader.execute(script: "\(round == 1 ? "begin; " : "")select count(*) from martlet_data.ready")
                #expect(try await maintenance.rotate() == false)
                #expect(try await current(shop) != part)
                for _ in 1...2 {
                    _ = try await maintenance.rotate()
                    try await shop.script(
                        "update martlet_data.segments set pinned_at = pinned_at - interval '6 seconds' where not is_free")
                    _ = try await maintenance.rotate()
                    try await shop.script("vacuum martlet_data.ready_\(part)")
                }
                _ = try await maintenance.rotate()
            }
            #expect(Set(used).count < used.count, "none was used again")
            let pages =
                "select sum(pg_relation_size(to_regclass('martlet_data.ready_' || slot))) / 8192 from martlet_data.segments where kind = 'ready'"
            #expect(try await shop.number(pages) < 3 * 900)
            try await reader.execute(script: "commit")
            _ = try await maintenance.rotate()
            #expect(try await shop.number("select count(*) from martlet_data.segments where reused_pages > 0 and is_free") == 0)
            #expect(try await shop.number(pages) <= 900, "only the current one may have pages")
        }
    }

    private func current(_ shop: Shop) async throws -> Int {
        try await shop.number("select pg_sequence_last_value(cursor) & 4095 from martlet_data.lanes where lane = 3")
    }
}
