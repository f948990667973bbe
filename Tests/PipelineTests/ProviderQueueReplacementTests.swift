import Domain
import Logging
import PipelineSupport
import StageSupport
import Store
import Synchronization
import TestSupport
import Testing
import Transports

@testable import Pipeline

@Suite("A provider is replaced while messages are on their way to it")
struct ProviderQueueReplacementTests {
    private func providerQueue(window: Int, results: Results) throws -> ProviderQueue {
        let policy = ProviderPolicy(
            name: "p", transport: "sandbox", channels: [.sms], window: window, options: ["outbox": "none"])
        return ProviderQueue(
            policy: policy,
            transport: try TransportFactory.make(policy, logger: Logger(label: "test") { _ in SwiftLogNoOpLogHandler() }),
            takeRate: ProviderQueue.noRate, results: { results.add($0) })
    }

    @Test("a place goes back to the queue that gave it, not to the one that has the name by then")
    func places() throws {
        let results = Results()
        let (old, new) = (try providerQueue(window: 4, results: results), try providerQueue(window: 9, results: results))
        let providerQueues = ProviderQueues([old])
        let work = Work.sample(provider: old.policy)
        guard case .reserved(let reserved) = providerQueues.place(for: work) else { preconditionFailure("there is room") }
        providerQueues.add(new)
        providerQueues.giveBack([Admit.Admitted(work: work, providerQueue: reserved, sendBy: .now, validity: .seconds(1))])
        #expect(old.state.withLock { $0.reserved } == 0)
        #expect(new.state.withLock { $0.reserved } == 0)
    }

    @Test(
        "what was admitted before the policy changed goes to the queue that it was reserved at: no place is counted twice, or at the new one"
    )
    func sent() async throws {
        let results = Results()
        let (old, new) = (try providerQueue(window: 4, results: results), try providerQueue(window: 9, results: results))
        let providerQueues = ProviderQueues([old])
        let work = Work.sample(provider: old.policy)
        guard case .reserved(let reserved) = providerQueues.place(for: work) else { preconditionFailure("there is room") }
        providerQueues.add(new)
        await old.retire()
        Send().run([Admit.Admitted(work: work, providerQueue: reserved, sendBy: .now + .seconds(5), validity: .seconds(5))])
        #expect(await results.take(10, timeout: .seconds(5)).map { $0.0.outcome.failure?.code } == ["not_sent"])
        #expect(old.state.withLock { $0.reserved } == 0)
        #expect(new.state.withLock { $0.reserved } == 0)
        #expect(await results.take(10, timeout: .milliseconds(50)).isEmpty, "no second answer by the new queue")
    }

    @Test("what was admitted for it meanwhile comes back as not sent, and its loop ends")
    func retired() async throws {
        let results = Results()
        let old = try providerQueue(window: 4, results: results)
        let work = Work.sample(provider: old.policy)
        #expect(old.reserve(work))
        let running = Task { await old.run() }
        await old.retire()
        #expect(!old.reserve(work))
        old.enqueue([Admit.Admitted(work: work, providerQueue: old, sendBy: .now + .seconds(5), validity: .seconds(5))])
        let answers = await results.take(10, timeout: .seconds(5))
        #expect(answers.map { $0.0.outcome.failure?.code } == ["not_sent"])
        #expect(old.state.withLock { $0.reserved } == 0)
        await running.value
    }

    @Test("a provider that cannot be opened is out of the routes' reach; one whose former account goes on is not")
    func missing() throws {
        let results = Results()
        let providerQueues = ProviderQueues([try providerQueue(window: 4, results: results)])
        providerQueues.setMissing(["p": "no key", "q": "no key"])
        #expect(providerQueues.availability.unavailable == ["q"])
    }
}
