import Domain
import Synchronization

/// How much of a lane Claim may take: what the providers of its messages have room for.
///
/// A lane holds messages for any providers; which, only Render knows. So Room remembers for every lane what part of the messages claimed
/// last needed a place at which provider. A claim takes as many as fill the provider with the most room for its part; what the others have
/// no room for is put off, so that a slow or paused provider never holds up what waits behind its messages in the lane. What is known
/// of a lane may be out of date: one whose providers are full is tried anyway five times a second (lane 0: twenty times).
final class Room: Sendable {
    /// Places that a claim hopes to fill: nobody else is given them until Admit has taken the places it really needs.
    final class Expected: Sendable {
        let limit: Int
        private let places: Mutex<[(Outlet, Int)]>

        init(limit: Int, places: [(Outlet, Int)] = []) {
            self.limit = limit
            self.places = Mutex(places)
        }

        /// From now on the real places count. Idempotent.
        func end() {
            let places = places.withLock { places in
                defer { places = [] }
                return places
            }
            for (outlet, count) in places { outlet.expect(-count) }
        }
    }

    private struct Lane {
        /// Places needed at a provider for each message claimed, 0…1.
        var parts: [String: Double] = [:]
        var probedAt: ContinuousClock.Instant?

        mutating func mayProbe(_ lane: Int16) -> Bool {
            let pause = lane == 0 ? Duration.milliseconds(50) : .milliseconds(200)
            guard probedAt.map({ $0 + pause <= .now }) ?? true else { return false }
            probedAt = .now
            return true
        }
    }

    /// Parts below this are forgotten.
    private static let least = 1.0 / 256
    /// So many messages may be claimed and put off for each that finds a place; more only as a probe.
    private static let waste = 7.0

    private let lanes = Mutex<[Int16: Lane]>([:])
    private let outlets: Outlets

    init(outlets: Outlets) { self.outlets = outlets }

    /// What may be claimed of a lane now, at most `limit`; nil: its providers are full, and will say when they no longer are.
    func take(lane: Int16, limit: Int) -> Expected? {
        lanes.withLock { lanes in
            let needs = (lanes[lane]?.parts ?? [:]).compactMap { name, part in
                outlets.outlet(name).map { (outlet: $0, part: part, room: Double($0.room(lane: lane))) }
            }
            guard !needs.isEmpty else { return Expected(limit: limit) }
            let count = min(Double(limit), needs.reduce(0) { max($0, ($1.room / $1.part).rounded()) })
            let finding = needs.reduce(0) { $0 + min($1.room, count * $1.part) }
            let missing = needs.reduce(0) { $0 + count * $1.part } - finding
            guard count >= 1, missing <= finding * Self.waste else {
                return lanes[lane]?.mayProbe(lane) == true ? Expected(limit: limit) : nil
            }
            let places = needs.map { ($0.outlet, Int(min($0.room, count * $0.part).rounded(.up))) }
            for (outlet, count) in places { outlet.expect(count) }
            return Expected(limit: Int(count), places: places)
        }
    }

    /// What became of a claim: of `claimed` messages so many needed a place at each provider.
    func learn(lane: Int16, claimed: Int, needed: [String: Int]) {
        guard claimed > 0 else { return }
        // A batch of a hundred counts half, a single message next to nothing.
        let weight = min(0.5, Double(claimed) / 200)
        lanes.withLock { lanes in
            let before = lanes[lane]?.parts ?? [:]
            for name in Set(before.keys).union(needed.keys) {
                let now = Double(needed[name] ?? 0) / Double(claimed)
                let part = before.isEmpty ? now : before[name, default: 0] * (1 - weight) + now * weight
                lanes[lane, default: Lane()].parts[name] = part < Self.least ? nil : part
            }
        }
    }
}
