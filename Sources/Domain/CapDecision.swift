/// Whether a message may take a slot now; pure arithmetic over the rows that Admit has locked.
///
/// A cap counts messages, not tries: a message that is sent again while its first try is in doubt counts once, at the latest instant at which
/// one of its tries may have been handed over. So a resend is never blocked by the slot of its own first try.
public struct CapDecision: Sendable, Equatable {
    /// A rule with the names of the policy replaced by the numbers of the database.
    public struct Rule: Sendable, Equatable {
        public var name: String
        public var classIDs: Set<Int16>
        /// Empty: all.
        public var channelIDs: Set<Int16>
        public var window: CapRule.Window
        public var limit: Int
        public var over: CapRule.Over

        public init(
            name: String, classIDs: Set<Int16>, channelIDs: Set<Int16>, window: CapRule.Window, limit: Int,
            over: CapRule.Over
        ) {
            self.name = name
            self.classIDs = classIDs
            self.channelIDs = channelIDs
            self.window = window
            self.limit = limit
            self.over = over
        }

        func counts(_ hit: CapLedger.Hit) -> Bool {
            classIDs.contains(hit.classID) && (channelIDs.isEmpty || channelIDs.contains(hit.channelID))
        }
    }

    /// A local calendar window: `start` ≤ now < `end`.
    public struct Calendar: Sendable, Equatable {
        public var start: Timestamp
        public var end: Timestamp
        public init(start: Timestamp, end: Timestamp) {
            self.start = start
            self.end = end
        }
    }

    public enum Verdict: Sendable, Equatable {
        case free
        /// The rule that frees last, and when; nil: never (limit 0).
        case over(rule: String, over: CapRule.Over, freeAt: Timestamp?)
    }

    /// All rules or none: free only when every rule has a slot.
    /// - Parameters:
    ///   - sendWithin: D. The hand-over may happen anywhere in `now … now + D`, so every hit is counted at its latest instant and
    ///     a window that the hand-over could still reach must have room too.
    ///   - calendars: the local window of each unit that a rule uses.
    public static func decide(
        message: MessageID, rules: [Rule], ledger: CapLedger, now: Timestamp, sendWithin: Duration,
        calendars: [CapRule.CalendarUnit: Calendar]
    ) -> Verdict {
        var verdict = Verdict.free
        let others = ledger.taken(except: message)
        for rule in rules {
            let taken = others.filter { rule.counts($0) }.map(\.at)
            let reserved = ledger.hits.filter { $0.isReservation && $0.messageID != message && rule.counts($0) }.map(\.at)
            let freeAt: Timestamp?
            switch rule.window {
            case .rolling(let length):
                freeAt = rollingFreeAt(
                    taken: taken, reserved: reserved, length: length, limit: rule.limit, now: now, sendWithin: sendWithin)
            case .calendar(let unit):
                guard let calendar = calendars[unit] else {
                    preconditionFailure("Admit loads the calendar of every unit that a rule uses")
                }
                freeAt = calendarFreeAt(
                    taken: taken, reserved: reserved, calendar: calendar, limit: rule.limit, now: now, sendWithin: sendWithin)
            }
            if let freeAt, freeAt <= now { continue }
            verdict = later(verdict, .over(rule: rule.name, over: rule.over, freeAt: freeAt))
        }
        return verdict
    }

    /// The verdict that holds the message back longer; `drop` beats `defer`.
    private static func later(_ left: Verdict, _ right: Verdict) -> Verdict {
        guard case .over(_, let leftOver, let leftAt) = left, case .over(_, let rightOver, let rightAt) = right else {
            return left == .free ? right : left
        }
        if leftOver != rightOver { return leftOver == .drop ? left : right }
        guard let leftAt else { return left }
        guard let rightAt else { return right }
        return leftAt >= rightAt ? left : right
    }

    /// `now` when a slot is free; else the instant the k-th slot frees, k being how many are planned already. Later than `now` then.
    static func rollingFreeAt(
        taken: [Timestamp], reserved: [Timestamp], length: Duration, limit: Int, now: Timestamp, sendWithin: Duration
    ) -> Timestamp? {
        guard limit > 0 else { return nil }
        let inWindow = taken.filter { $0 + length >= now }
        if inWindow.count < limit { return now }
        // Each planned message will take a slot at its time, or now if that has passed, and free it a window later: it stands in line
        // like a taken one.
        let line = (inWindow + reserved.map { max($0, now) + sendWithin }).sorted()
        return Timestamp(microseconds: (line[line.count - limit] + length).microseconds + 1)
    }

    static func calendarFreeAt(
        taken: [Timestamp], reserved: [Timestamp], calendar: Calendar, limit: Int, now: Timestamp, sendWithin: Duration
    ) -> Timestamp? {
        guard limit > 0 else { return nil }
        let inWindow = taken.filter { $0 >= calendar.start }.count
        let inNext = taken.filter { $0 >= calendar.end }.count
        let reachesNext = now + sendWithin >= calendar.end
        if inWindow < limit && !(reachesNext && inNext >= limit) { return now }
        // The next window, or, when it is already spoken for, one further for each full set; Admit looks again then.
        let waiting = reserved.filter { $0 >= calendar.end }.count + inNext
        let length = calendar.end - calendar.start
        return calendar.end + length * (waiting / limit)
    }
}
