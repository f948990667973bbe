import Testing

@testable import Domain

private let minute = Duration.seconds(60)

private func rule(_ limit: Int, _ length: Duration, over: CapRule.Over = .defer, name: String = "cap") -> CapDecision.Rule {
    CapDecision.Rule(name: name, classIDs: [1], channelIDs: [], window: .rolling(length), limit: limit, over: over)
}

private func at(_ seconds: Double) -> Timestamp { Timestamp(microseconds: Int64(seconds * 1_000_000)) }

/// A fixed sequence of numbers, so that a failure can be seen again.
private struct Numbers: RandomNumberGenerator {
    var state: UInt64
    mutating func next() -> UInt64 {
        state &+= 0x9E37_79B9_7F4A_7C15
        var z = state
        z = (z ^ (z >> 30)) &* 0xBF58_476D_1CE4_E5B9
        z = (z ^ (z >> 27)) &* 0x94D0_49BB_1331_11EB
        return z ^ (z >> 31)
    }
}

/// Many messages to one person, admitted by `CapDecision`, handed over at any instant that Admit allows.
private struct Simulation {
    var rules: [CapDecision.Rule]
    var sendWithin: Duration
    var ledger = CapLedger()
    var handOvers: [Timestamp] = []
    var calendars: (Timestamp) -> [CapRule.CalendarUnit: CapDecision.Calendar] = { _ in [:] }

    /// nil: admitted; else when to ask again.
    mutating func ask(_ id: Int64, now: Timestamp, delay: Double) -> Timestamp? {
        ledger.prune(before: now - .seconds(86_400), reservedBefore: now - minute)
        let verdict = CapDecision.decide(
            message: MessageID(id), rules: rules, ledger: ledger, now: now, sendWithin: sendWithin, calendars: calendars(now))
        switch verdict {
        case .free:
            ledger.add(.init(messageID: MessageID(id), at: now + sendWithin, attempt: 1, classID: 1, channelID: 1))
            handOvers.append(now + sendWithin * delay)
            return nil
        case .over(_, _, let freeAt):
            guard let freeAt else { return now + .seconds(86_400) }
            ledger.add(.init(messageID: MessageID(id), at: freeAt, attempt: 1, classID: 1, channelID: 1, isReservation: true))
            return freeAt
        }
    }

    /// The most hand-overs in any closed window of this length.
    func most(in length: Duration) -> Int {
        let sorted = handOvers.sorted()
        return sorted.indices.map { first in sorted[first...].prefix { $0 - sorted[first] <= length }.count }.max() ?? 0
    }
}

@Suite("A slot is free or it is not")
struct CapDecisionTests {
    private static func hit(_ message: Int64, _ seconds: Double, attempt: Int16 = 1) -> CapLedger.Hit {
        .init(messageID: MessageID(message), at: at(seconds), attempt: attempt, classID: 1, channelID: 1)
    }
    private static func decide(_ message: Int64, now: Double, _ hits: [CapLedger.Hit]) -> CapDecision.Verdict {
        CapDecision.decide(
            message: MessageID(message), rules: [rule(1, minute)], ledger: CapLedger(hits: hits), now: at(now), sendWithin: .zero,
            calendars: [:])
    }

    @Test(
        "a message counts once however often it is tried: its own slot does not block it, and blocks others from its latest try on"
    )
    func resend() {
        #expect(Self.decide(7, now: 50, [Self.hit(7, 0)]) == .free)
        // Another one has the only slot since.
        #expect(Self.decide(7, now: 70, [Self.hit(7, 0), Self.hit(8, 65)]) != .free)
        let twice = [Self.hit(7, 0), Self.hit(7, 50, attempt: 2)]
        #expect(Self.decide(8, now: 61, twice) != .free, "not only from the first try on")
        #expect(Self.decide(8, now: 111, twice) == .free)
        let two = CapDecision.decide(
            message: MessageID(8), rules: [rule(2, minute)], ledger: CapLedger(hits: twice), now: at(55), sendWithin: .zero,
            calendars: [:])
        #expect(two == .free, "one message, not two")
    }

    @Test(
        "no sliding window is ever exceeded wherever in its time a message leaves, and no free slot is refused", arguments: 0..<60
    )
    func random(seed: Int) {
        var numbers = Numbers(state: UInt64(seed))
        let limits = (Int.random(in: 1...5, using: &numbers), Int.random(in: 1...12, using: &numbers))
        let lengths = (
            Duration.seconds(Int.random(in: 1...60, using: &numbers)), Duration.seconds(Int.random(in: 30...600, using: &numbers))
        )
        let within = Duration.milliseconds(Int.random(in: 100...8000, using: &numbers))
        var simulation = Simulation(
            rules: [rule(limits.0, lengths.0, name: "a"), rule(limits.1, lengths.1, name: "b")], sendWithin: within)
        var waiting: [(due: Timestamp, id: Int64)] = (0..<80).map { (at(Double.random(in: 0...600, using: &numbers)), Int64($0)) }
        var now = at(0)
        for _ in 0..<4000 where !waiting.isEmpty {
            waiting.sort { $0.due < $1.due }
            let next = waiting.removeFirst()
            // Some come late: their plan has passed long before they ask.
            now = max(now, next.due) + .milliseconds(Int.random(in: 0...(next.id % 7 == 0 ? 30_000 : 50), using: &numbers))
            let isFree = zip([limits.0, limits.1], [lengths.0, lengths.1]).allSatisfy { limit, length in
                simulation.ledger.hits.filter { !$0.isReservation && $0.at + length >= now }.count < limit
            }
            let due = simulation.ask(next.id, now: now, delay: Double.random(in: 0...1, using: &numbers))
            #expect((due == nil) == isFree, "seed \(seed): a free slot is taken, a taken one is not")
            if let due {
                #expect(due > now, "seed \(seed): asked again at once")
                waiting.append((due, next.id))
            }
        }
        #expect(waiting.isEmpty, "seed \(seed): \(waiting.count) starve")
        #expect(simulation.most(in: lengths.0) <= limits.0, "seed \(seed)")
        #expect(simulation.most(in: lengths.1) <= limits.1, "seed \(seed)")
    }

    @Test("a plan that has passed takes no one over the cap, however short the window")
    func passedPlan() {
        let ledger = CapLedger(hits: [
            .init(messageID: MessageID(1), at: at(100), attempt: 1, classID: 1, channelID: 1),
            .init(messageID: MessageID(2), at: at(60), attempt: 1, classID: 1, channelID: 1, isReservation: true),
        ])
        let verdict = CapDecision.decide(
            message: MessageID(3), rules: [rule(1, .seconds(10))], ledger: ledger, now: at(99), sendWithin: .seconds(1),
            calendars: [:])
        guard case .over(_, _, let freeAt?) = verdict else {
            return #expect(verdict == .over(rule: "cap", over: .defer, freeAt: nil))
        }
        #expect(freeAt > at(110))
    }

    @Test("the k-th message over a cap is planned for the k-th slot: one a window, not all for the first")
    func plans() {
        var simulation = Simulation(rules: [rule(2, minute)], sendWithin: .seconds(1))
        #expect(simulation.ask(1, now: at(0), delay: 1) == nil)
        #expect(simulation.ask(2, now: at(10), delay: 1) == nil)
        let plans = (3...8).compactMap { simulation.ask(Int64($0), now: at(20), delay: 1) }
        // Slots free a window after the latest instant their holder can leave, and once more for each that waits.
        let expected = [61.000001, 71.000001, 122.000002, 132.000002, 183.000003, 193.000003].map(at)
        #expect(plans == expected)
    }

    @Test("a message that asks again has its own plan replaced, not added")
    func replan() {
        var simulation = Simulation(rules: [rule(1, minute)], sendWithin: .seconds(1))
        #expect(simulation.ask(1, now: at(0), delay: 0) == nil)
        for _ in 0..<3 { #expect(simulation.ask(2, now: at(5), delay: 0) == at(61.000001)) }
        #expect(simulation.ledger.hits.filter(\.isReservation).count == 1)
        #expect(simulation.ask(2, now: at(61.000001), delay: 0) == nil)
        #expect(simulation.ledger.hits.filter(\.isReservation).isEmpty)
    }

    @Test("the strictest rule decides; drop beats defer; a limit of 0 never frees")
    func strictest() {
        let ledger = CapLedger(hits: [.init(messageID: MessageID(1), at: at(1), attempt: 1, classID: 1, channelID: 1)])
        func decide(_ rules: [CapDecision.Rule]) -> CapDecision.Verdict {
            CapDecision.decide(message: MessageID(2), rules: rules, ledger: ledger, now: at(2), sendWithin: .zero, calendars: [:])
        }
        #expect(decide([]) == .free)
        #expect(decide([rule(2, minute)]) == .free)
        #expect(
            decide([rule(1, minute, name: "a"), rule(1, minute * 60, name: "b")])
                == .over(rule: "b", over: .defer, freeAt: at(3601.000001)))
        #expect(
            decide([rule(1, minute, over: .drop, name: "a"), rule(1, minute * 60, name: "b")])
                == .over(rule: "a", over: .drop, freeAt: at(61.000001)))
        #expect(decide([rule(0, minute, name: "none"), rule(1, minute)]) == .over(rule: "none", over: .defer, freeAt: nil))
    }

    @Test("a rule counts its classes and channels and no other")
    func counted() {
        var only = rule(1, minute)
        only.channelIDs = [2]
        let hits: [(Int16, Int16, Bool)] = [(1, 2, true), (1, 1, false), (9, 2, false)]
        for (classID, channelID, counts) in hits {
            let ledger = CapLedger(hits: [
                .init(messageID: MessageID(1), at: at(1), attempt: 1, classID: classID, channelID: channelID)
            ])
            let verdict = CapDecision.decide(
                message: MessageID(2), rules: [only], ledger: ledger, now: at(2), sendWithin: .zero, calendars: [:])
            #expect((verdict == .free) == !counts)
        }
    }

    @Test("no calendar window is exceeded, also by what is admitted before midnight and leaves after", arguments: 0..<40)
    func calendar(seed: Int) {
        var numbers = Numbers(state: UInt64(seed) + 1000)
        let limit = Int.random(in: 1...4, using: &numbers)
        let calendarRule = CapDecision.Rule(
            name: "day", classIDs: [1], channelIDs: [], window: .calendar(.day), limit: limit, over: .defer)
        let day: Int64 = 100_000_000
        var simulation = Simulation(rules: [calendarRule], sendWithin: .milliseconds(Int.random(in: 100...9000, using: &numbers)))
        simulation.calendars = { now in
            let start = now.microseconds / day * day
            return [.day: .init(start: Timestamp(microseconds: start), end: Timestamp(microseconds: start + day))]
        }
        var waiting: [(due: Timestamp, id: Int64)] = (0..<40).map {
            (at(Double.random(in: 80...420, using: &numbers)), Int64($0))
        }
        var now = at(0)
        for _ in 0..<4000 where !waiting.isEmpty {
            waiting.sort { $0.due < $1.due }
            let next = waiting.removeFirst()
            now = max(now, next.due) + .milliseconds(1)
            if let due = simulation.ask(next.id, now: now, delay: Double.random(in: 0...1, using: &numbers)) {
                waiting.append((due, next.id))
            }
        }
        #expect(waiting.isEmpty, "seed \(seed): \(waiting.count) starve")
        let days = Dictionary(grouping: simulation.handOvers) { $0.microseconds / day }
        #expect(days.values.allSatisfy { $0.count <= limit }, "seed \(seed): \(days.mapValues(\.count))")
    }
}

@Suite("The ledger of one person")
struct CapLedgerTests {
    private let hits: [CapLedger.Hit] = [
        .init(messageID: MessageID(.max), at: at(5), attempt: 3, classID: 2, channelID: 4),
        .init(messageID: MessageID(7), at: at(2), attempt: 1, classID: 1, channelID: 1, isReservation: true),
    ]

    @Test("what is written is read again, oldest first, 24 bytes each")
    func bytes() {
        let ledger = CapLedger(hits: hits)
        #expect(ledger.hits.map(\.at) == [at(2), at(5)])
        #expect(ledger.bytes.count == 48)
        #expect(CapLedger(ledger.bytes) == ledger)
        #expect(ledger.bytes.prefix(8) == [0, 0, 0, 0, 0, 0, 0, 7])
        #expect(ledger.bytes[22..<24] == [0, 1])
        for count in [1, 23, 25, 47] { #expect(CapLedger([UInt8](repeating: 0, count: count)) == nil) }
    }

    @Test("an attempt's slot is given back once, a plan never")
    func remove() {
        var ledger = CapLedger(hits: hits)
        let tries: [(id: Int64, attempt: Int16)] = [(.max, 2), (.max, 3), (.max, 3), (7, 1)]
        let given = tries.map { ledger.remove(messageID: MessageID($0.id), attempt: $0.attempt) }
        #expect(given == [false, true, false, false])
        #expect(ledger.hits.count == 1)
    }

    @Test("what is older than the longest window is forgotten, and so are plans that passed long ago")
    func prune() {
        var ledger = CapLedger(hits: hits)
        ledger.prune(before: at(1), reservedBefore: at(3))
        #expect(ledger.hits.map(\.at) == [at(5)])
        ledger.prune(before: at(6), reservedBefore: at(3))
        #expect(ledger.hits.isEmpty)
    }
}
