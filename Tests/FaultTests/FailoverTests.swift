import CarrierSupport
import PipelineSupport
import Postgres
import Synchronization
import TestSupport
import Testing

extension Faults {
    @Suite("Two providers of one route, with the real worker")
    struct FailoverTests {
        /// A carrier that writes down whom it has taken a message for, and can fall silent.
        private final class Carrier: Sendable {
            private struct State {
                var phones: [String] = []
                var isSilent = false
                /// Hangs up on every client that says something.
                var isDown = false
                var server: ScriptedSMSC?
            }
            private let state = Mutex(State())

            static func start() async throws -> Carrier {
                let carrier = Carrier()
                let server = try await ScriptedSMSC(isKind: false) { carrier.received($0, $1) }
                carrier.state.withLock { $0.server = server }
                return carrier
            }
            private func received(_ frame: Frame, _ line: ScriptedSMSC.Line) {
                if state.withLock({ $0.isDown }) { return line.close() }
                guard !ScriptedSMSC.kind(frame, line), frame.isSubmit else { return }
                let id = state.withLock { state -> Int? in
                    guard !state.isSilent else { return nil }
                    state.phones.append(frame.destination)
                    return state.phones.count
                }
                if let id { line.send(frame.accepted("\(id)")) }
            }
            var port: Int { state.withLock { $0.server }?.port ?? 0 }
            var phones: [String] { state.withLock { $0.phones } }
            func fallSilent() { state.withLock { $0.isSilent = true } }
            func goDown() {
                let server = state.withLock { state in
                    state.isDown = true
                    return state.server
                }
                for line in server?.lines ?? [] { line.close() }
            }
            func comeUp() { state.withLock { $0.isDown = false } }
            func stop() async throws { try await state.withLock { $0.server }?.stop() }
        }

        private final class Going: Sendable {
            private let state = Mutex(true)
            var goesOn: Bool { state.withLock { $0 } }
            func end() { state.withLock { $0 = false } }
        }

        private static func policy(_ a: Carrier, _ b: Carrier, rate: String? = nil, timeout: String = "10s") -> ShopPolicy {
            func provider(_ name: String, _ carrier: Carrier) -> String {
                """
                  \(name):
                    transport: smpp
                    channels: [sms]
                    window: 20
                \(rate.map { "    rate: \($0)\n" } ?? "")    send_within: 5s
                    timeout: \(timeout)
                    options: {host: 127.0.0.1, port: "\(carrier.port)", tls: "off", system_id: shop}

                """
            }
            return ShopPolicy {
                $0.moreProviders = provider("a", a) + provider("b", b)
                $0.moreRoutes = "  - {channel: sms, providers: {a: 1, b: 1}}\n"
            }
        }

        /// Five messages each 50 ms or so, to phones of their own, until told to stop; how many there were.
        private func trickle(_ shop: Shop, while goesOn: Going) async throws -> Int {
            var count = 0
            while goesOn.goesOn {
                try await shop.enqueueMany("transactional", count: 5, to: 490_000_000_000 + count)
                count += 5
                try await ContinuousClock().sleep(for: .milliseconds(50))
            }
            return count
        }

        enum Blackout: String, CaseIterable { case closed, silent }

        @Test(
            "when one goes dark nothing but what is in doubt waits for its answers; nothing is lost, nothing doubled",
            .timeLimit(.minutes(3)), arguments: Blackout.allCases)
        func blackout(_ kind: Blackout) async throws {
            let (a, b) = (try await Carrier.start(), try await Carrier.start())
            try await Shop.with(Self.policy(a, b, timeout: "20s")) { shop in
                let worker = try WorkerProgram.start(in: shop)
                let goesOn = Going()
                async let sent = trickle(shop, while: goesOn)
                try await eventually(within: .seconds(40), "both are used") { a.phones.count > 20 && b.phones.count > 20 }
                switch kind {
                case .closed: try await a.stop()
                case .silent: a.fallSilent()
                }
                try await shop.script("create table dark as select clock_timestamp() as at")
                // Not a wait for a result: so long messages go on coming in the dark.
                try await ContinuousClock().sleep(for: .seconds(7))
                goesOn.end()
                let count = try await sent
                try await shop.settle(within: .seconds(60))
                let states = try await shop.states()
                #expect(states == ["accepted": count], "\(states)\n\(worker.output.suffix(2000))")
                // Those whose answer never came are sent once more after the deadline of the answer, 20 s; all others are quicker. How quick they are
                // is a row of Deploy/bench.
                let late = try await shop.texts(
                    """
                    select r.message_id || ' ' || r.at - greatest(d.at, martlet.created_at(r.message_id)) || ': '
                        || (select string_agg(concat_ws(' ', h.at - d.at, h.kind, h.provider, h.code), ', ' order by h.at) from martlet.receipts h where h.message_id = r.message_id)
                    from martlet.receipts r, dark d
                    where r.kind = 'accepted' and r.at - greatest(d.at, martlet.created_at(r.message_id)) > interval '15 seconds'
                        and not exists (select from martlet.receipts u where u.message_id = r.message_id and u.kind = 'unknown')
                    """)
                #expect(late.isEmpty, "\(late.prefix(5)) of \(late.count)\n\(worker.output.suffix(3000))")
                let doubts = Set(
                    try await shop.texts("select distinct message_id::text from martlet.receipts where kind = 'unknown'")
                ).count
                let arrived = Dictionary(grouping: a.phones + b.phones) { $0 }
                #expect(arrived.count == count, "nothing is lost")
                #expect(arrived.values.reduce(0) { $0 + $1.count - 1 } <= doubts, "only what was in doubt may come twice")
                #expect(try await shop.number("select circuits_open from martlet.providers where provider = 'a'") == 1)
                #expect(try await worker.terminate() == 0, "\(worker.output)")
            }
            if kind == .silent { try await a.stop() }
            try await b.stop()
        }

        @Test("a provider that is back gets one message to find out, and then its share again", .timeLimit(.minutes(3)))
        func back() async throws {
            let (a, b) = (try await Carrier.start(), try await Carrier.start())
            try await Shop.with(Self.policy(a, b)) { shop in
                let worker = try WorkerProgram.start(in: shop)
                try await shop.enqueueMany("transactional", count: 40)
                try await eventually(within: .seconds(40), "both are used") { a.phones.count + b.phones.count == 40 }
                a.goDown()
                let before = a.phones.count
                let goesOn = Going()
                async let sent = trickle(shop, while: goesOn)
                try await eventually(within: .seconds(20), "its circuit opens") {
                    try await shop.number("select coalesce(sum(circuits_open), 0) from martlet.providers where provider = 'a'")
                        == 1
                }
                #expect(a.phones.count == before)
                a.comeUp()
                try await eventually(within: .seconds(60), "it has its share again") { a.phones.count > before + 30 }
                goesOn.end()
                let count = try await sent
                try await shop.settle(within: .seconds(60))
                #expect(try await shop.states() == ["accepted": count + 40])
                #expect(try await worker.terminate() == 0, "\(worker.output)")
            }
            try await a.stop()
            try await b.stop()
        }

        @Test(
            "paused, a provider gets nothing and what waits for it goes by the other; moved, its messages do; resumed, it has its share",
            .timeLimit(.minutes(3)))
        func orders() async throws {
            let (a, b) = (try await Carrier.start(), try await Carrier.start())
            // Slow, so that messages wait for their turn when the order comes.
            try await Shop.with(Self.policy(a, b, rate: "20/s")) { shop in
                let worker = try WorkerProgram.start(in: shop)
                try await shop.enqueueMany("transactional", count: 200)
                try await eventually(within: .seconds(40), "both are used") { a.phones.count > 10 && b.phones.count > 10 }
                try await shop.script("select martlet.pause_provider('a', 'test')")
                try await eventually(within: .seconds(10), "the worker knows") {
                    worker.output.contains("order about a provider")
                }
                let before = a.phones.count
                try await shop.settle(within: .seconds(60))
                #expect(try await shop.states() == ["accepted": 200])
                #expect(a.phones.count - before <= 20, "what had been handed over")
                #expect(a.phones.count + b.phones.count == 200)
                try await shop.script("select martlet.resume_provider('a', 'test')")
                try await shop.script("select martlet.move_provider('b', 'a', 'test')")
                try await eventually(within: .seconds(10), "the worker knows") {
                    worker.output.split(separator: "order about a provider").count > 2
                }
                let (a1, b1) = (a.phones.count, b.phones.count)
                try await shop.enqueueMany("transactional", count: 20, to: 491_000_000_000)
                try await shop.settle(within: .seconds(60))
                #expect(a.phones.count - a1 == 20 && b.phones.count == b1)
                #expect(
                    try await shop.texts(
                        "select action || ' ' || object from martlet_data.audit where action like '%provider' order by id")
                        == ["pause_provider a", "resume_provider a", "move_provider b"])
                #expect(try await worker.terminate() == 0, "\(worker.output)")
            }
            try await a.stop()
            try await b.stop()
        }
    }
}
