import Domain

/// Which members of a run are released when: the pure half of a start and of a resume.
public struct RunPlan: Sendable, Equatable {
    /// Members of one zone, in places that follow one another.
    public struct Zone: Sendable, Equatable {
        public var zone: Int16
        public var timeZone: String
        public var firstPlace: Int64
        public var members: Int64
        public init(zone: Int16, timeZone: String, firstPlace: Int64, members: Int64) {
            self.zone = zone
            self.timeZone = timeZone
            self.firstPlace = firstPlace
            self.members = members
        }
    }
    /// What is released together.
    public struct Chunk: Sendable, Equatable {
        public var zone: Int16
        public var firstPlace: Int64
        public var lastPlace: Int64
        public var dueAt: Timestamp
        /// Their window has been missed, and the campaign says `skip`.
        public var isSkipped = false
        public var members: Int64 { lastPlace - firstPlace + 1 }
        public init(zone: Int16, firstPlace: Int64, lastPlace: Int64, dueAt: Timestamp, isSkipped: Bool = false) {
            self.zone = zone
            self.firstPlace = firstPlace
            self.lastPlace = lastPlace
            self.dueAt = dueAt
            self.isSkipped = isSkipped
        }
    }
    /// The rules that the plan keeps.
    public struct Rules: Sendable {
        public var window: Campaign.Window?
        public var missed: Campaign.Missed
        /// Messages a second.
        public var pace: Double?
        public var clocks: [String: ZoneClock]
        public init(window: Campaign.Window?, missed: Campaign.Missed, pace: Double?, clocks: [String: ZoneClock]) {
            self.window = window
            self.missed = missed
            self.pace = pace
            self.clocks = clocks
        }
        func clock(_ zone: String) -> ZoneClock { clocks[zone] ?? .utc }
    }

    /// So many at most are one transaction.
    static let largestChunk: Int64 = 5000
    /// More chunks than this are not planned: with a slow pace chunks grow instead.
    static let mostChunks: Int64 = 50_000
    /// In order of time.
    public private(set) var chunks: [Chunk] = []

    /// When the last are released; nil: no person is.
    public var ends: Timestamp? { chunks.last { !$0.isSkipped }?.dueAt }
    public var skipped: Int64 { chunks.reduce(0) { $0 + ($1.isSkipped ? $1.members : 0) } }
    /// Members whose release is later than `start` says, because their window was not open or closed before their turn.
    public func held(after start: Timestamp) -> Int64 {
        chunks.reduce(0) { $0 + (!$1.isSkipped && $1.dueAt - start >= .seconds(86_400) ? $1.members : 0) }
    }

    /// A plan for everybody who waits, from `start` on.
    public init(_ zones: [Zone], from start: Timestamp, rules: Rules) {
        guard let pace = rules.pace else {
            for zone in zones { addAtOnce(zone, from: start, rules) }
            chunks.sort { ($0.dueAt, $0.firstPlace) < ($1.dueAt, $1.firstPlace) }
            return
        }
        let total = zones.reduce(0) { $0 + $1.members }
        let quantum = max(1, min(Self.largestChunk, max(Int64(pace.rounded(.down)), total / Self.mostChunks)))
        addPaced(zones, from: start, pace: pace, quantum: quantum, rules)
    }

    /// Without a pace: all of a zone when its window opens; the releaser keeps them a few seconds ahead of what providers take.
    private mutating func addAtOnce(_ zone: Zone, from start: Timestamp, _ rules: Rules) {
        let clock = rules.clock(zone.timeZone)
        var due = start
        var isSkipped = false
        if let window = rules.window {
            let opening = window.opening(from: start, clock)
            let isMissed = clock.local(opening).day != clock.local(start).day
            switch (isMissed, rules.missed) {
            case (true, .skip): isSkipped = true
            case (true, .now): break
            default: due = opening
            }
        }
        for first in stride(from: zone.firstPlace, to: zone.firstPlace + zone.members, by: Int(Self.largestChunk)) {
            let last = min(first + Self.largestChunk, zone.firstPlace + zone.members) - 1
            chunks.append(Chunk(zone: zone.zone, firstPlace: first, lastPlace: last, dueAt: due, isSkipped: isSkipped))
        }
    }

    /// With a pace: one line for all zones. At each step the zone whose window closes first gets the next places.
    private mutating func addPaced(_ zones: [Zone], from start: Timestamp, pace: Double, quantum: Int64, _ rules: Rules) {
        var queues = zones.filter { $0.members > 0 }.map { Queue($0, from: start, rules) }
        var released = 0.0
        var began = start
        var now = start
        while !queues.isEmpty {
            for index in queues.indices { queues[index].reach(now, rules) }
            for queue in queues where queue.isSkipped {
                chunks.append(queue.rest(dueAt: now, isSkipped: true))
            }
            queues.removeAll { $0.isSkipped }
            guard let next = queues.indices.filter({ queues[$0].opens <= now }).min(by: { queues[$0].closes < queues[$1].closes })
            else {
                // The window is open for no person: the line stands still, and makes up for nothing afterwards.
                guard let opens = queues.map(\.opens).min() else { return }
                (now, began, released) = (opens, opens, 0)
                continue
            }
            let chunk = queues[next].take(quantum, dueAt: now)
            chunks.append(chunk)
            if queues[next].isEmpty { queues.remove(at: next) }
            released += Double(chunk.members)
            now = began + Duration(clampingSeconds: released / pace)
        }
    }

    /// What waits of one zone, and when its window is open.
    private struct Queue {
        let zone: Zone
        let clock: ZoneClock
        let firstDay: Int64
        var place: Int64
        var opens: Timestamp
        var closes = Timestamp(microseconds: .max)
        var isSkipped = false
        var isEmpty: Bool { place >= zone.firstPlace + zone.members }

        init(_ zone: Zone, from start: Timestamp, _ rules: Rules) {
            self.zone = zone
            clock = rules.clock(zone.timeZone)
            firstDay = clock.local(start).day
            place = zone.firstPlace
            opens = start
            guard let window = rules.window else { return }
            set(window.opening(from: start, clock), now: start, window, rules)
        }

        /// Closes the window when its time has come, and looks for the next one.
        mutating func reach(_ now: Timestamp, _ rules: Rules) {
            guard let window = rules.window, now >= closes else { return }
            set(window.opening(from: now, clock), now: now, window, rules)
        }

        private mutating func set(_ opening: Timestamp, now: Timestamp, _ window: Campaign.Window, _ rules: Rules) {
            (opens, closes) = (opening, window.closing(after: opening, clock))
            guard clock.local(opening).day != firstDay else { return }
            switch rules.missed {
            case .tomorrow: break
            case .skip: isSkipped = true
            case .now: (opens, closes) = (now, Timestamp(microseconds: .max))
            }
        }

        mutating func take(_ count: Int64, dueAt: Timestamp) -> Chunk {
            let last = min(place + count, zone.firstPlace + zone.members) - 1
            defer { place = last + 1 }
            return Chunk(zone: zone.zone, firstPlace: place, lastPlace: last, dueAt: dueAt)
        }
        func rest(dueAt: Timestamp, isSkipped: Bool) -> Chunk {
            Chunk(
                zone: zone.zone, firstPlace: place, lastPlace: zone.firstPlace + zone.members - 1, dueAt: dueAt,
                isSkipped: isSkipped)
        }
    }
}

extension RunPlan {
    /// What becomes, after a pause, of what should have been released meanwhile.
    public enum Resumption: String, Sendable, CaseIterable {
        /// Everything later by as long as the pause was, again inside its windows.
        case shift
        /// What is late is given up.
        case skip
        /// What is late goes now, as fast as the pace lets it.
        case send
    }

    /// The plan after a pause. `waiting` are the chunks that are not released, in order of their instants.
    public init(
        resuming waiting: [Chunk], zones: [Int16: String], pausedAt: Timestamp, now: Timestamp, mode: Resumption, rules: Rules
    ) {
        var free = Timestamp(microseconds: .min)
        for var chunk in waiting.sorted(by: { ($0.dueAt, $0.firstPlace) < ($1.dueAt, $1.firstPlace) }) {
            switch mode {
            case .skip where chunk.dueAt < now: chunk.isSkipped = true
            case .skip: break
            case .send: chunk.dueAt = max(chunk.dueAt, now)
            case .shift: chunk.dueAt = max(chunk.dueAt + (now - max(pausedAt, Timestamp(microseconds: 0))), now)
            }
            if !chunk.isSkipped {
                if let window = rules.window, rules.missed != .now {
                    chunk.dueAt = window.opening(from: chunk.dueAt, rules.clock(zones[chunk.zone] ?? ""))
                }
                // One after another: what piled up at the same opening keeps the pace.
                if let pace = rules.pace {
                    chunk.dueAt = max(chunk.dueAt, free)
                    free = chunk.dueAt + Duration(clampingSeconds: Double(chunk.members) / pace)
                }
            }
            chunks.append(chunk)
        }
        chunks.sort { ($0.dueAt, $0.firstPlace) < ($1.dueAt, $1.firstPlace) }
    }
}
