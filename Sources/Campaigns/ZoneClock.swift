import Domain

/// One zone's clock over a stretch of time: where its offset from UTC changes. The database gives the offsets, because it is the only authority for
/// local time; everything that is decided with them is arithmetic.
public struct ZoneClock: Sendable, Equatable {
    /// In order of time; the first also counts for all before it.
    public struct Change: Sendable, Equatable {
        public var at: Timestamp
        /// Seconds east of UTC.
        public var offset: Int64
        public init(at: Timestamp, offset: Int64) {
            self.at = at
            self.offset = offset
        }
    }
    public let changes: [Change]

    public init(_ changes: [Change]) {
        precondition(!changes.isEmpty, "a zone has an offset")
        self.changes = changes.sorted { $0.at < $1.at }
    }

    public static let utc = ZoneClock([Change(at: Timestamp(microseconds: 0), offset: 0)])
    static let day: Int64 = 86_400_000_000
    static let minute: Int64 = 60_000_000

    private func offset(at instant: Timestamp) -> Int64 {
        (changes.last { $0.at <= instant } ?? changes[0]).offset * 1_000_000
    }

    /// Local days since 1970-01-01, and minutes after midnight.
    public func local(_ instant: Timestamp) -> (day: Int64, minute: Int) {
        let local = instant.microseconds + offset(at: instant)
        let (day, rest) = Self.floored(local, Self.day)
        return (day, Int(rest / Self.minute))
    }

    /// The first instant whose local time is `minute` of `day` or later. Where the clock jumps over that minute it is the jump; where it comes twice,
    /// the first time.
    public func instant(day: Int64, minute: Int) -> Timestamp {
        let local = day * Self.day + Int64(minute) * Self.minute
        for (index, change) in changes.enumerated() {
            let instant = Timestamp(microseconds: local - change.offset * 1_000_000)
            let begins = index == 0 ? Timestamp(microseconds: .min) : change.at
            let ends = index + 1 < changes.count ? changes[index + 1].at : Timestamp(microseconds: .max)
            // Before this stretch: the clock had jumped over it when the stretch began.
            if instant < begins { return begins }
            if instant < ends { return instant }
        }
        preconditionFailure("the last stretch has no end")
    }

    /// Every instant with this local time: two where the clock goes back; the jump where it goes over it.
    func instants(day: Int64, minute: Int) -> [Timestamp] {
        let local = day * Self.day + Int64(minute) * Self.minute
        let found = changes.indices.compactMap { index in
            let instant = Timestamp(microseconds: local - changes[index].offset * 1_000_000)
            let isAfter = index == 0 || instant >= changes[index].at
            return isAfter && (index + 1 == changes.count || instant < changes[index + 1].at) ? instant : nil
        }
        return found.isEmpty ? [instant(day: day, minute: minute)] : found
    }

    private static func floored(_ value: Int64, _ divisor: Int64) -> (Int64, Int64) {
        let (quotient, rest) = value.quotientAndRemainder(dividingBy: divisor)
        return rest < 0 ? (quotient - 1, rest + divisor) : (quotient, rest)
    }
}

extension Campaign.Window {
    /// The first instant from `from` on at which the window is open in a zone.
    public func opening(from instant: Timestamp, _ clock: ZoneClock) -> Timestamp {
        let (day, minute) = clock.local(instant)
        if contains(minute) { return instant }
        for later in 0...3 {
            // Where the clock jumps over the whole window it is not open that day.
            for opening in clock.instants(day: day + Int64(later), minute: from)
            where opening >= instant && contains(clock.local(opening).minute) {
                return opening
            }
        }
        return clock.instant(day: day + 1, minute: from)
    }

    /// When the window that is open at `instant` closes.
    public func closing(after instant: Timestamp, _ clock: ZoneClock) -> Timestamp {
        let (day, minute) = clock.local(instant)
        return clock.instant(day: from < until || minute < until ? day : day + 1, minute: until)
    }
}
