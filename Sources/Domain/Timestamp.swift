/// An instant of the database clock, in whole microseconds since 1970-01-01T00:00:00Z (PostgreSQL's resolution).
public struct Timestamp: Hashable, Comparable, Sendable {
    public var microseconds: Int64
    public init(microseconds: Int64) { self.microseconds = microseconds }
    public static func < (left: Self, right: Self) -> Bool { left.microseconds < right.microseconds }
    // Sums end at the extremes, which are PostgreSQL's `infinity` and `-infinity`: no value of a row may end a process.
    public static func + (left: Self, right: Duration) -> Self {
        let (sum, overflow) = left.microseconds.addingReportingOverflow(right.microseconds)
        return Self(microseconds: overflow ? (right < .zero ? .min : .max) : sum)
    }
    public static func - (left: Self, right: Duration) -> Self {
        let (rest, overflow) = left.microseconds.subtractingReportingOverflow(right.microseconds)
        return Self(microseconds: overflow ? (right < .zero ? .max : .min) : rest)
    }
    /// How long after `right` this instant is.
    public static func - (left: Self, right: Self) -> Duration {
        let (rest, overflow) = left.microseconds.subtractingReportingOverflow(right.microseconds)
        return .microseconds(overflow ? (left < right ? .min : .max) : rest)
    }
}

extension Duration {
    /// Whole microseconds, rounded towards zero; at most what an `Int64` holds.
    public var microseconds: Int64 {
        let (whole, overflow) = components.seconds.multipliedReportingOverflow(by: 1_000_000)
        let (sum, second) = whole.addingReportingOverflow(components.attoseconds / 1_000_000_000_000)
        return overflow || second ? (self < .zero ? .min : .max) : sum
    }
    /// Of seconds as the database counts them: never traps. What is no number is zero.
    public init(clampingSeconds seconds: Double) {
        let microseconds = (seconds * 1e6).rounded()
        guard !microseconds.isNaN else {
            self = .zero
            return
        }
        self = .microseconds(microseconds >= 0x1p63 ? .max : microseconds < -0x1p63 ? .min : Int64(microseconds))
    }
    /// Seconds with a fraction, for display and for rates.
    public var inSeconds: Double {
        Double(components.seconds) + Double(components.attoseconds) / 1e18
    }
}
