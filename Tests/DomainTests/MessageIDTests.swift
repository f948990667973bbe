import Domain
import Testing

@Suite("What an id says: when it was given, and by which cluster")
struct MessageIDTests {
    /// 2026-03-01T00:00:00Z, in milliseconds since 2025-01-01T00:00:00Z.
    private static let day: Int64 = 424 * 86_400_000

    @Test(
        "the time of an id is that of its milliseconds, whatever the bits below are",
        arguments: [0, 63 << 16, 4_194_303] as [Int64])
    func time(low: Int64) {
        #expect(MessageID(Self.day << 22 | low).givenAt == Timestamp(microseconds: 1_772_323_200_000_000))
    }

    @Test("ids from before clusters had numbers belong to cluster 0, later ones say their own")
    func cluster() {
        let since = MessageID(Self.day << 22)
        let here = ClusterNumber(number: 5, since: since)
        #expect(here.cluster(of: MessageID((Self.day - 1) << 22 | 63 << 16)) == 0)
        #expect(here.cluster(of: MessageID(Self.day << 22 | 63 << 16 | 65_535)) == 63)
        #expect(here.cluster(of: MessageID(Self.day << 22 | 65_535)) == 0)
        #expect(ClusterNumber(number: 0, since: nil).cluster(of: MessageID(Self.day << 22 | 63 << 16)) == 0)
    }
}
