import Domain
import Logging
import PipelineSupport
import ProviderEvents
import StageSupport
import Store
import Telemetry
import TestSupport
import Testing
import Transports

@testable import Callbacks
@testable import Pipeline
@testable import Worker

@Suite("In whatever order things happen, a message's state never goes back", .timeLimit(.minutes(5)))
struct StateOrderTests {
    /// Two workers, one of which dies now and then, a provider that often does not answer, receipts whenever they like.
    private struct World {
        let shop: Shop
        var bench: Bench
        /// Killed workers: their answers still come, as evidence.
        var ghosts: [Bench] = []
        let recorder: EventRecorder
        var messages: [Int64: String] = [:]

        init(_ shop: Shop) async throws {
            self.shop = shop
            bench = try await Bench(shop)
            recorder = EventRecorder(
                shared: bench.events, database: shop.store, meters: Meters(),
                logger: Logger(label: "t") { _ in SwiftLogNoOpLogHandler() })
        }

        mutating func enqueue() async throws {
            for (index, name) in ["otp", "notification", "marketing"].enumerated() {
                for one in 0..<4 { messages[try await shop.enqueue(name, to: "+49000000\(index)0\(one)")] = name }
            }
        }

        func send() async throws {
            try await bench.refresh()
            bench.claim.resetScanPositions()
            for lane: Int16 in [0, 2, 3] { _ = try await bench.step(lane: lane, limit: 3) }
            while let batch = try await bench.claim.takeQuarantined(limit: 3, workerCrashes: 0...9) {
                try await bench.process(batch)
            }
        }

        mutating func kill() async throws {
            ghosts.append(bench)
            let dead = bench.shared.session
            bench = try await Bench(shop)
            try await shop.script(
                "update martlet_data.sessions set beat_at = clock_timestamp() - interval '1 minute' where id = \(dead)")
            _ = try await Rescue(shared: bench.shared, database: bench.database).round()
        }

        func promote() async throws {
            try await shop.script("update martlet_data.due set due_at = clock_timestamp()")
            _ = try await bench.promote()
        }

        /// What a provider says of a try that was made.
        func say(_ generator: inout EventOrderTests.Numbers) async throws {
            let tries = try await shop.texts("select message_id || ' ' || attempt from martlet_data.attempts order by 1")
            guard let one = tries.randomElement(using: &generator) else { return }
            let parts = one.split(separator: " ")
            guard let id = Int64(parts[0]), let attempt = Int(parts[1]) else { return }
            let message = MessageID(id)
            func late(_ outcome: Outcome) -> ProviderEvent {
                .response(
                    LateResponse(provider: "sandbox", messageID: message, attempt: attempt, part: 1, parts: 1, outcome: outcome))
            }
            func receipt(_ state: CarrierReceipt.State) async throws -> ProviderEvent {
                var ids = InsertCarrierIDs()
                let name = "m\(id)a\(attempt)"
                ids.add(
                    name, folded: CarrierID.folded(name), provider: "carrier", recipient: "", messageID: message,
                    attempt: Int16(attempt),
                    part: 1, parts: 1)
                try await shop.store.run(ids)
                return EventBench.receipt(name, state)
            }
            let events: [ProviderEvent] =
                switch Int.random(in: 0..<5, using: &generator) {
                case 0: [late(.accepted(reference: nil))]
                case 1: [late(.rejected(Failure(code: "x", detail: "y", blame: .provider)))]
                case 2: [try await receipt(.undeliverable)]
                default: [try await receipt(.delivered)]
                }
            try await recorder.record(events)
        }
    }

    /// All that may follow a state by itself, at once or after others. An admin's requeue is not among these.
    private static let after: [MessageState: Set<MessageState>] = {
        var after: [MessageState: Set<MessageState>] = [:]
        for state in MessageState.allCases {
            var seen: Set<MessageState> = [state]
            var open = [state]
            while let one = open.popLast() {
                let next = one == .dead ? one.next.subtracting([.ready, .discarded]) : one.next
                for state in next where seen.insert(state).inserted { open.append(state) }
            }
            after[state] = seen
        }
        return after
    }()

    @Test("sends, deaths, rescues, resends, receipts, refusals, opt-outs and ends of life, in random orders", arguments: 0..<24)
    func anyOrder(seed: UInt64) async throws {
        var generator = EventOrderTests.Numbers(state: seed)
        let policy = ShopPolicy {
            $0.rules = "* lose 60% else accept 50% else reject"
            $0.sendWithin = "1s"
            $0.timeout = "100ms"
        }
        try await Shop.with(policy) { shop in
            var world = try await World(shop)
            try await world.enqueue()
            var before: [Int64: MessageState] = [:]
            var story: [String] = []
            func check(_ step: String) async throws {
                story.append(step)
                for (id, word) in try await shop.statuses() {
                    let state = try #require(MessageState(rawValue: word) as MessageState?)
                    let old = before[id] ?? .ready
                    #expect(
                        Self.after[old]?.contains(state) == true,
                        "seed \(seed): \(world.messages[id] ?? "") \(id) went from \(old) to \(state) after \(story.joined(separator: ", "))"
                    )
                    before[id] = state
                }
            }
            for _ in 0..<40 {
                switch Int.random(in: 0..<12, using: &generator) {
                case 0, 1, 2:
                    try await world.send()
                    try await check("send")
                case 3:
                    try await world.kill()
                    try await check("kill")
                case 4, 5:
                    try await world.promote()
                    try await check("promote")
                case 6:
                    for ghost in world.ghosts { try await ghost.recordAll() }
                    try await check("ghosts")
                case 7:
                    try await world.bench.recordAll()
                    try await check("record")
                case 8 where story.count > 25:
                    try await shop.script(
                        "update martlet_data.messages set expires_at = clock_timestamp() - interval '1 second' where id % 3 = 0")
                    try await check("expire")
                case 8 where story.count > 15:
                    try await shop.script(
                        "select martlet.suppress('sms', address, 'all') from martlet_data.messages where id % 4 = 0")
                    try await check("suppress")
                default:
                    try await world.say(&generator)
                    try await check("say")
                }
            }
            let counts = Dictionary(grouping: try shop.outbox(), by: \.messageID).mapValues(\.count)
            for (id, count) in counts {
                #expect(count <= 1 + (ShopPolicy.resends[world.messages[id] ?? ""] ?? 0), "seed \(seed)")
            }
        }
    }
}
