import Domain
import Logging
import StageSupport
import Synchronization
import Testing

@testable import Pipeline
@testable import Store
@testable import Transports

@Suite("A circuit that opens says why")
struct CircuitWordsTests {
    private final class Heard: Sendable {
        let results = Mutex<[SubmissionResult]>([])
        let reasons = Mutex<[String]>([])
    }

    @Test("what waited goes back with the reason, and each caller hears it, though the circuit may be closed again by then")
    func words() throws {
        let policy = ProviderPolicy(
            name: "p", transport: "sandbox", channels: [.sms], window: 1, options: ["outbox": "none", "rules": "* lose"])
        let heard = Heard()
        let providerQueue = ProviderQueue(
            policy: policy, transport: try TransportFactory.make(policy, logger: Logger(label: "test")),
            takeRate: ProviderQueue.noRate,
            rerouted: { why in heard.reasons.withLock { $0.append(why) } },
            results: { results in heard.results.withLock { $0 += results.map(\.0) } })
        let admitted = Admit.Admitted(
            work: .sample(provider: policy), providerQueue: providerQueue, sendBy: .now + .seconds(30), validity: .seconds(60))
        // The first is handed over, the second finds no place.
        providerQueue.enqueue([admitted, admitted])
        #expect(providerQueue.waiting == 1)
        providerQueue.othersFound("connect_refused: 127.0.0.1:25")
        #expect(heard.reasons.withLock { $0 } == ["connect_refused: 127.0.0.1:25"])
        let failure = heard.results.withLock { $0 }.first?.outcome.failure
        #expect(failure?.code == "not_sent")
        #expect(failure?.detail == "its provider's circuit opened (connect_refused: 127.0.0.1:25); nothing was written")
    }
}
