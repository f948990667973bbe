import Domain
import Testing

@Suite("Instants and durations at the edges of what a row may hold")
struct TimestampTests {
    private let infinity = Timestamp(microseconds: .max)
    private let past = Timestamp(microseconds: .min)

    @Test("sums and differences end at infinity instead of ending the process")
    func edges() {
        #expect(infinity + .seconds(1) == infinity)
        #expect(past - .seconds(1) == past)
        #expect(past + .seconds(-1) == past)
        #expect(infinity - .seconds(-1) == infinity)
        #expect((infinity - past).microseconds == .max)
        #expect((past - infinity).microseconds == .min)
        #expect(infinity - Timestamp(microseconds: -1) > .seconds(1))
        #expect(Timestamp(microseconds: 5) + .seconds(1) == Timestamp(microseconds: 1_000_005))
        #expect(Timestamp(microseconds: 5) - Timestamp(microseconds: 7) == .microseconds(-2))
    }

    @Test("a duration longer than microseconds can count is the longest that they can")
    func longest() {
        #expect(Duration.seconds(Int64.max).microseconds == .max)
        #expect(Duration.seconds(Int64.min).microseconds == .min)
        #expect(Duration.milliseconds(-1500).microseconds == -1_500_000)
    }

    @Test(
        "seconds of the database never trap",
        arguments: [
            (Double.infinity, Int64.max), (-.infinity, .min), (.nan, 0), (1e300, .max), (-1e300, .min), (0.5, 500_000),
            (-2, -2_000_000),
            (9_223_372_036_855, .max),
        ])
    func clamped(seconds: Double, microseconds: Int64) {
        #expect(Duration(clampingSeconds: seconds).microseconds == microseconds)
    }
}
