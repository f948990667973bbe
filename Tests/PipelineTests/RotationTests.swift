import Testing

@testable import Pipeline
@testable import Store

@Suite("When a segment is closed")
struct RotationTests {
    private func isFull(_ kind: LoadSegments.Kind, pages: Int64, reused: Int32 = 0, rows: Int64 = 0) -> Bool {
        Maintenance.isFull(
            LoadSegments.Segment(
                kind: kind, lane: 1, slot: 3, generation: 1, isFree: false, pages: pages, reusedPages: reused, insertedRows: rows)
        )
    }

    @Test(
        "one that began empty is closed by its pages",
        arguments: [(.ready, 700), (.leased, 1000), (.due, 1000)] as [(LoadSegments.Kind, Int64)])
    func fresh(kind: LoadSegments.Kind, pages: Int64) {
        #expect(!isFull(kind, pages: pages - 1))
        #expect(!isFull(kind, pages: pages - 1, rows: 1_000_000), "nobody counts the rows of such a one")
        #expect(isFull(kind, pages: pages))
    }

    @Test("one that began with its old pages is closed by what was inserted since, or when it grows")
    func reused() {
        #expect(!isFull(.ready, pages: 710, reused: 710, rows: 99_999))
        #expect(isFull(.ready, pages: 710, reused: 710, rows: 100_000))
        #expect(isFull(.ready, pages: 711, reused: 710))
        #expect(!isFull(.ready, pages: 30, reused: 3), "it was small; it grows to the size of others first")
    }
}
