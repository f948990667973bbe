import Domain
import Store
import Text

/// The lanes with their depth and, for admins who ask for it, how many messages a second enter and leave.
public struct ShowLanes: UseCase {
    public static let role = Role.reader
    public static let deadline: Duration? = .seconds(120)

    public struct Output: Sendable, JSONConvertible {
        public var lanes: [ListLanes.Lane]
        /// By lane.
        public var rates: [Int: LaneRate]
        public var now: Timestamp

        public var json: JSONValue { .list(lanes) { $0.json(rates[$0.lane], now) } }
    }

    /// How long to watch for the rates, at most a minute; zero: not at all.
    public var sample: Duration
    /// Lanes without classes too.
    public var all: Bool
    public init(sample: Duration, all: Bool) {
        self.sample = sample
        self.all = all
    }

    public func perform(in context: OperationContext) async throws -> Output {
        var rates: [Int: LaneRate] = [:]
        if context.actor.isAdmin, sample > .zero {
            let before = try await context.run(LaneCounters())
            try await ContinuousClock().sleep(for: min(sample, .seconds(60)))
            rates = LaneRate.between(before, try await context.run(LaneCounters()))
        }
        let lanes = try await context.run(ListLanes())
        let used = lanes.filter { all || $0.classes != nil || $0.ready + $0.due + $0.leased > 0 || $0.pausedAt != nil }
        return Output(lanes: used, rates: rates, now: try await context.now())
    }
}

/// Messages a second into and out of a lane, from PostgreSQL's own counters.
public struct LaneRate: Sendable, Equatable {
    public var entered: Double
    public var taken: Double

    static func between(_ before: LaneCounters.Answer, _ after: LaneCounters.Answer) -> [Int: LaneRate] {
        let seconds = (after.at - before.at).inSeconds
        guard seconds > 0 else { return [:] }
        var rates: [Int: LaneRate] = [:]
        for (lane, counters) in after.lanes {
            // Counters begin anew with the server: never below nothing.
            let old = before.lanes[lane] ?? counters
            rates[lane] = LaneRate(
                entered: max(0, Double(counters.entered - old.entered) / seconds),
                taken: max(0, Double(counters.taken - old.taken) / seconds))
        }
        return rates
    }
}

extension ListLanes.Lane {
    fileprivate func json(_ rate: LaneRate?, _ now: Timestamp) -> JSONValue {
        [
            "lane": .int(lane), "classes": .list(classes?.split(separator: ", ") ?? []) { .string(String($0)) },
            "ready": .int(ready), "oldest_at": .time(oldest), "oldest_seconds": .double(oldest.map { (now - $0).inSeconds }),
            "due": .int(due), "next_due_at": .time(nextDue), "leased": .int(leased),
            "entered_per_second": .double(rate?.entered), "taken_per_second": .double(rate?.taken),
            "paused_at": .time(pausedAt), "paused_by": .text(pausedBy), "pause_reason": .text(pauseReason),
        ]
    }
}
