import Domain
import Logging
import StageSupport
import Synchronization
import Testing

@testable import Pipeline
@testable import Store
@testable import Transports

/// Two providers, `near` and `far`, of a window of 100 each: 200 places, 120 of them for lane 3.
private struct Two {
    let near: ProviderQueue
    let far: ProviderQueue
    let claimBudget: ClaimBudget
    let told = Told()

    final class Told: Sendable {
        private let lanes = Mutex<[Int16]>([])
        func add(_ lane: Int16) { lanes.withLock { $0.append(lane) } }
        var all: [Int16] { lanes.withLock { $0 } }
    }

    init(rules: String = "* accept") throws {
        func providerQueue(_ name: String, _ told: Told) throws -> ProviderQueue {
            let policy = ProviderPolicy(
                name: name, transport: "sandbox", channels: [.sms], window: 100, sendWithin: .seconds(5), timeout: .seconds(5),
                options: ["outbox": "none", "rules": rules])
            return ProviderQueue(
                policy: policy, transport: try TransportFactory.make(policy, logger: Logger(label: "test")),
                takeRate: ProviderQueue.noRate,
                hasRoom: { [told] in told.add($0) }, results: { _ in })
        }
        near = try providerQueue("near", told)
        far = try providerQueue("far", told)
        claimBudget = ClaimBudget(providerQueues: ProviderQueues([near, far]))
    }

    func work(lane: Int16) -> Work { .sample(lane: lane, provider: near.policy) }
    func fill(_ providerQueue: ProviderQueue, lane: Int16 = 3) {
        while providerQueue.reserve(.sample(lane: lane, provider: providerQueue.policy)) {}
    }
}

@Suite("Claim takes what the providers of a lane have room for")
struct ClaimBudgetTests {
    @Test("of a lane that nothing is known about a few messages are taken to see where they go")
    func unknown() throws {
        #expect(try Two().claimBudget.take(lane: 3, limit: 500)?.limit == 100)
        let two = try Two()
        two.claimBudget.learn(lane: 3, claimed: 100, needed: [:])
        #expect(two.claimBudget.take(lane: 3, limit: 500)?.limit == 500, "nothing of this lane needed a place")
    }

    @Test("a claim fills the provider and no more, and two claims at once do not take the same places")
    func fills() throws {
        let two = try Two()
        for lane: Int16 in [2, 3] { two.claimBudget.learn(lane: lane, claimed: 500, needed: ["near": 500]) }
        let first = try #require(two.claimBudget.take(lane: 3, limit: 80))
        let second = try #require(two.claimBudget.take(lane: 3, limit: 500))
        #expect((first.limit, second.limit) == (80, 40))
        #expect(two.claimBudget.take(lane: 2, limit: 500)?.limit == 40, "lane 2 may have four fifths of the places")
        second.end()
        second.end()
        first.end()
        #expect(two.claimBudget.take(lane: 3, limit: 500)?.limit == 80, "120 without the 40 of lane 2, given back once")
    }

    @Test("messages that need no place, because they end or wait, make the claim larger")
    func needNoPlace() throws {
        let two = try Two()
        two.claimBudget.learn(lane: 3, claimed: 500, needed: ["near": 100])
        #expect(two.claimBudget.take(lane: 3, limit: 1000)?.limit == 600)
    }

    @Test("a full provider is left alone, looked at again by a probe, and says when it has room")
    func full() throws {
        let two = try Two()
        two.claimBudget.learn(lane: 3, claimed: 500, needed: ["near": 500])
        two.fill(two.near)
        #expect(two.claimBudget.take(lane: 3, limit: 500) == nil)
        #expect(two.claimBudget.take(lane: 1, limit: 500) != nil, "lane 1 has places that lane 3 may not fill")
        for place in 1...30 {
            #expect(two.told.all.isEmpty, "a claim for less than a quarter of the places is not worth it (\(place))")
            two.near.giveBack(two.work(lane: 3))
        }
        #expect(two.told.all == [3])
        #expect(two.claimBudget.take(lane: 3, limit: 500)?.limit == 30)
    }

    @Test("a slow provider does not hold up the messages for another that stand behind its own")
    func slow() throws {
        let two = try Two()
        two.claimBudget.learn(lane: 3, claimed: 400, needed: ["near": 300, "far": 100])
        two.fill(two.near)
        #expect(two.claimBudget.take(lane: 3, limit: 1000)?.limit == 480, "120 for the other, three times as many put off")
        let rare = try Two()
        rare.claimBudget.learn(lane: 3, claimed: 400, needed: ["near": 396, "far": 4])
        rare.fill(rare.near)
        #expect(rare.claimBudget.take(lane: 3, limit: 500) == nil, "100 deferred for one that is sent: not at full speed")
    }

    @Test("a lane left alone is tried all the same, less and less often while that finds nothing new")
    func probes() throws {
        let two = try Two()
        two.claimBudget.learn(lane: 3, claimed: 500, needed: ["near": 500])
        two.fill(two.near)
        let start = ContinuousClock.now
        func probed(during time: Range<Int>) -> [Int] {
            time.filter { two.claimBudget.take(lane: 3, limit: 500, now: start + .milliseconds(100 * $0)) != nil }
        }
        #expect(probed(during: 0..<35) == [2, 6, 14, 30])
        two.claimBudget.learn(lane: 3, claimed: 500, needed: ["near": 490, "far": 10])
        #expect(probed(during: 32..<40) == [32, 36], "there was something new: again after 200 ms")
    }

    @Test("a provider that asked for a pause gets codes only")
    func paused() async throws {
        let two = try Two(rules: "* throttle 60s")
        for lane: Int16 in [0, 3] { two.claimBudget.learn(lane: lane, claimed: 500, needed: ["near": 500]) }
        let work = two.work(lane: 3)
        #expect(two.near.reserve(work))
        two.near.enqueue([.init(work: work, providerQueue: two.near, sendBy: .now + .seconds(5), validity: .seconds(60))])
        while two.near.pausedFor == .zero { await Task.yield() }
        #expect(two.claimBudget.take(lane: 3, limit: 500) == nil)
        #expect(two.claimBudget.take(lane: 0, limit: 500)?.limit == 210)
    }

    @Test("what is known follows what is seen, large batches faster than single messages")
    func follows() throws {
        let two = try Two()
        two.claimBudget.learn(lane: 3, claimed: 500, needed: ["near": 500])
        two.claimBudget.learn(lane: 3, claimed: 1, needed: ["far": 1])
        #expect(two.claimBudget.take(lane: 3, limit: 500)?.limit == 500, "what one message said does not count")
        let other = try Two()
        other.claimBudget.learn(lane: 3, claimed: 500, needed: ["near": 500])
        for _ in 1...10 { other.claimBudget.learn(lane: 3, claimed: 100, needed: ["far": 100]) }
        other.fill(other.near)
        #expect(other.claimBudget.take(lane: 3, limit: 500)?.limit == 120, "near is forgotten")
    }

    @Test("a provider that an admin drains or pauses has no room, not even for a code; in use again it has")
    func orders() throws {
        for order in [ProviderOrder.draining, .paused, .moved(to: "far")] {
            let two = try Two()
            #expect(two.near.reserve(two.work(lane: 0)))
            two.near.obey(order)
            #expect(!two.near.reserve(two.work(lane: 0)) && !two.near.reserve(two.work(lane: 3)), "\(order)")
            two.near.obey(nil)
            #expect(two.near.reserve(two.work(lane: 0)) && two.near.reserve(two.work(lane: 3)), "\(order)")
        }
    }
}
