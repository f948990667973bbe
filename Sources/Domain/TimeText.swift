extension Timestamp {
    /// `2026-11-21T22:23:08.123456Z`: always UTC, fraction only when there is one.
    public var iso8601: String {
        let parts = utc
        let fraction = parts.microseconds == 0 ? "" : "." + pad(parts.microseconds, 6)
        return "\(parts.date)T\(parts.time)\(fraction)Z"
    }

    /// `2026-11-21 22:23:08 UTC`, for people.
    public var shown: String { "\(utc.date) \(utc.time) UTC" }

    private var utc: (date: String, time: String, microseconds: Int64) {
        let (seconds, rest) = floored(microseconds, 1_000_000)
        let (days, second) = floored(seconds, 86_400)
        let day = civil(days)
        let date = "\(pad(day.year, 4))-\(pad(day.month, 2))-\(pad(day.day, 2))"
        let time = "\(pad(second / 3600, 2)):\(pad(second / 60 % 60, 2)):\(pad(second % 60, 2))"
        return (date, time, rest)
    }

    /// `3 min ago`, `in 2 h`, seen from `now`.
    public func relative(to now: Timestamp) -> String {
        self <= now ? "\((now - self).rough) ago" : "in \((self - now).rough)"
    }
}

extension Duration {
    /// Two figures at most: `250 ms`, `4.2 s`, `3 min`, `5 h`, `12 d`.
    public var rough: String {
        let seconds = abs(inSeconds)
        switch seconds {
        case ..<1: return "\(Int((seconds * 1000).rounded())) ms"
        case ..<10: return "\((seconds * 10).rounded() / 10) s"
        case ..<120: return "\(Int(seconds)) s"
        case ..<7200: return "\(Int(seconds / 60)) min"
        case ..<172_800: return "\(Int(seconds / 3600)) h"
        default: return "\(Int(seconds / 86_400)) d"
        }
    }
}

private func floored(_ value: Int64, _ divisor: Int64) -> (quotient: Int64, remainder: Int64) {
    let (quotient, remainder) = value.quotientAndRemainder(dividingBy: divisor)
    return remainder < 0 ? (quotient - 1, remainder + divisor) : (quotient, remainder)
}

private func pad(_ value: Int64, _ width: Int) -> String {
    let digits = String(value)
    return String(repeating: "0", count: max(0, width - digits.count)) + digits
}

/// Days since 1970-01-01 as a date of the Gregorian calendar (Howard Hinnant, "chrono-Compatible Low-Level Date Algorithms").
private func civil(_ days: Int64) -> (year: Int64, month: Int64, day: Int64) {
    let (era, dayOfEra) = floored(days + 719_468, 146_097)
    let yearOfEra = (dayOfEra - dayOfEra / 1460 + dayOfEra / 36_524 - dayOfEra / 146_096) / 365
    let dayOfYear = dayOfEra - (365 * yearOfEra + yearOfEra / 4 - yearOfEra / 100)
    let shifted = (5 * dayOfYear + 2) / 153
    let month = shifted < 10 ? shifted + 3 : shifted - 9
    return (yearOfEra + era * 400 + (month <= 2 ? 1 : 0), month, dayOfYear - (153 * shifted + 2) / 5 + 1)
}
