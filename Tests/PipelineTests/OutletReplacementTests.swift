import Domain
import Logging
import PipelineSupport
import Store
import Synchronization
import TestSupport
import Testing
import Transports

@testable import Pipeline

@Suite("A provider is replaced while messages are on their way to it")
struct OutletReplacementTests {
    private func outlet(window: Int, results: Results) throws -> Outlet {
        let policy = ProviderPolicy(
            name: "p", transport: "sandbox", channels: [.sms], window: window, options: ["outbox": "none"])
        return Outlet(
            policy: policy,
            transport: try TransportFactory.make(policy, logger: Logger(label: "test") { _ in SwiftLogNoOpLogHandler() }),
            takeRate: Outlet.noRate, results: { results.add($0) })
    }

    @Test("a place goes back to the outlet that gave it, not to the one that has the name by then")
    func places() throws {
        let results = Results()
        let (old, new) = (try outlet(window: 4, results: results), try outlet(window: 9, results: results))
        let outlets = Outlets([old])
        let work = Work.sample(provider: old.policy)
        let reserved = try #require(outlets.reserve(work))
        outlets.add(new)
        outlets.giveBack([Admit.Admitted(work: work, outlet: reserved, sendBy: .now, validity: .seconds(1))])
        #expect(old.state.withLock { $0.reserved } == 0)
        #expect(new.state.withLock { $0.reserved } == 0)
    }

    @Test("what was admitted for it meanwhile comes back as not sent, and its loop ends")
    func retired() async throws {
        let results = Results()
        let old = try outlet(window: 4, results: results)
        let work = Work.sample(provider: old.policy)
        #expect(old.reserve(work))
        let running = Task { await old.run() }
        await old.retire()
        #expect(!old.reserve(work))
        old.enqueue([Admit.Admitted(work: work, outlet: old, sendBy: .now + .seconds(5), validity: .seconds(5))])
        let answers = await results.take(10, timeout: .seconds(5))
        #expect(answers.map { $0.0.outcome.failure?.code } == ["not_sent"])
        #expect(old.state.withLock { $0.reserved } == 0)
        await running.value
    }

    @Test("a provider that cannot be opened is out of the routes' reach; one whose former account goes on is not")
    func missing() throws {
        let results = Results()
        let outlets = Outlets([try outlet(window: 4, results: results)])
        outlets.setMissing(["p", "q"])
        #expect(outlets.availability.unavailable == ["q"])
    }
}
