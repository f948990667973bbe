import Domain
import Synchronization

/// How much of a lane Claim may take: what the providers of its messages have room for.
///
/// A lane holds messages for any providers; which, only Render knows. So ClaimBudget remembers for every lane what part of the messages claimed
/// last needed a place at which provider. A claim takes as many as fill the provider with the most room for its part; what the others have
/// no room for is deferred, so that a slow or paused provider never holds up what waits behind its messages in the lane. What is known
/// of a lane may be out of date: one of which nothing was claimed for 200 ms (lane 0: 50 ms) is tried anyway, less and less often while
/// that finds nothing new.
package final class ClaimBudget: Sendable {
    /// Places that a claim hopes to fill: no other claim is given them until Admit has taken the places it really needs.
    package final class Hold: Sendable {
        let limit: Int
        private let places: Mutex<[(ProviderQueue, Int)]>

        init(limit: Int, places: [(ProviderQueue, Int)] = []) {
            self.limit = limit
            self.places = Mutex(places)
        }

        /// From now on the real places count. Idempotent.
        func end() {
            let places = places.withLock { places in
                defer { places = [] }
                return places
            }
            for (providerQueue, count) in places { providerQueue.expect(-count) }
        }
    }

    private struct Lane {
        /// Places needed at a provider for each message claimed, 0…1.
        var parts: [String: Double] = [:]
        /// When something was last claimed of the lane.
        var takenAt: ContinuousClock.Instant
        /// How long it is left alone before a probe; doubles while probes find the same full providers.
        var patience: Duration?

        mutating func mayProbe(_ lane: Int16, _ now: ContinuousClock.Instant) -> Bool {
            let pause = patience ?? (lane == 0 ? .milliseconds(50) : .milliseconds(200))
            guard takenAt + pause <= now else { return false }
            patience = min(pause * 2, lane == 0 ? .seconds(1) : .seconds(10))
            takenAt = now
            return true
        }
    }

    /// Parts below this are forgotten.
    private static let least = 1.0 / 256
    /// So many messages may be claimed and deferred for each that finds a place; more only as a probe.
    private static let waste = 7.0
    /// So many are claimed of a lane that nothing is known about.
    private static let first = 100

    private let lanes = Mutex<[Int16: Lane]>([:])
    private let providerQueues: ProviderQueues

    package init(providerQueues: ProviderQueues) { self.providerQueues = providerQueues }

    /// What may be claimed of a lane now, at most `limit`; nil: its providers are full, and will say when they no longer are.
    func take(lane: Int16, limit: Int, now: ContinuousClock.Instant = .now) -> Hold? {
        lanes.withLock { lanes in
            guard lanes[lane] != nil else { return Hold(limit: min(limit, Self.first)) }
            let needs = (lanes[lane]?.parts ?? [:]).compactMap { name, part in
                providerQueues.providerQueue(name).map { (providerQueue: $0, part: part, room: Double($0.room(lane: lane))) }
            }
            guard !needs.isEmpty else { return Hold(limit: limit) }
            let count = min(Double(limit), needs.reduce(0) { max($0, ($1.room / $1.part).rounded()) })
            let finding = needs.reduce(0) { $0 + min($1.room, count * $1.part) }
            let missing = needs.reduce(0) { $0 + count * $1.part } - finding
            guard count >= 1, missing <= finding * Self.waste else {
                return lanes[lane]?.mayProbe(lane, now) == true ? Hold(limit: limit) : nil
            }
            let places = needs.map { ($0.providerQueue, Int(min($0.room, count * $0.part).rounded(.up))) }
            for (providerQueue, count) in places { providerQueue.expect(count) }
            lanes[lane]?.takenAt = now
            return Hold(limit: Int(count), places: places)
        }
    }

    /// Providers have come or gone: what the lanes need where is found out anew, at once.
    package func forget() { lanes.withLock { $0 = [:] } }

    /// What became of a claim: of `claimed` messages so many needed a place at each provider.
    func learn(lane: Int16, claimed: Int, needed: [String: Int]) {
        guard claimed > 0 else { return }
        // A batch of a hundred counts half, a single message next to nothing.
        let weight = min(0.5, Double(claimed) / 200)
        lanes.withLock { lanes in
            let before = lanes[lane]?.parts ?? [:]
            if lanes[lane] == nil { lanes[lane] = Lane(takenAt: .now) }
            if needed.keys.contains(where: { before[$0] == nil }) { lanes[lane]?.patience = nil }
            for name in Set(before.keys).union(needed.keys) {
                let now = Double(needed[name] ?? 0) / Double(claimed)
                let part = before.isEmpty ? now : before[name, default: 0] * (1 - weight) + now * weight
                lanes[lane]?.parts[name] = part < Self.least ? nil : part
            }
        }
    }
}
