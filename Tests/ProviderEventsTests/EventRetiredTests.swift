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

@Suite("A provider leaves the policy while its messages are on their way", .timeLimit(.minutes(3)))
struct EventRetiredTests {
    private struct Fixed: EventSurroundings {
        var eventPolicy: EventPolicy
        func databaseNow() -> Timestamp { Timestamp(microseconds: 0) }
    }

    @Test("the ids that it answers with are kept, and its receipts find them")
    func ids() async throws {
        try await EventBench.with(ShopPolicy { $0.carrierPort = 1 }) { bench in
            let message = try await bench.shop.enqueue("transactional", to: "+447700900001")
            try await bench.shop.script(
                """
                delete from martlet_data.ready where message_id = \(message);
                insert into martlet_data.attempts (message_id, attempt, provider, session, admitted_at, send_by, template_version, segments)
                    values (\(message), 1, 'carrier', 1, now(), now(), 1, 1)
                """)
            try await bench.shop.apply(ShopPolicy())
            let inForce = try #require(try await PolicyInForce.load(from: bench.shop.store))
            let snapshot = inForce.snapshot
            #expect(snapshot.policy.providers["carrier"] == nil)
            #expect(snapshot.receiptIDs["carrier"] == .ofParts, "what Record asks")
            let recorder = EventRecorder(
                shared: Fixed(eventPolicy: inForce.events), database: bench.shop.store, meters: Meters(),
                logger: Logger(label: "t") { _ in SwiftLogNoOpLogHandler() })
            let late = LateResponse(
                provider: "carrier", messageID: MessageID(message), attempt: 1, part: 1, parts: 1,
                outcome: .accepted(reference: "77"))
            try await recorder.record([.response(late)])
            try await recorder.record([EventBench.receipt("77", from: "447700900001")])
            #expect(try await bench.state(MessageID(message)) == "delivered")
        }
    }

    @Test("of a provider that left twice the last policy that had it counts; one that is back is none that left")
    func last() {
        func provider(_ name: String, _ host: String) -> ProviderPolicy {
            ProviderPolicy(name: name, transport: "smpp", channels: [.sms], options: ["host": host])
        }
        var newest = Policy(
            classes: [:], caps: [], senders: [:], defaultSender: "", providers: ["back": provider("back", "now")], routes: [],
            prices: [],
            wordLists: [])
        let older: [(providers: [String: ProviderPolicy], age: Duration)] = [
            (["gone": provider("gone", "last"), "back": provider("back", "old")], .seconds(60)),
            (["gone": provider("gone", "first"), "long": provider("long", "x")], .seconds(600)),
        ]
        let found = RetiredProvider.all(before: newest, older)
        #expect(found.map(\.policy.name) == ["gone", "long"] && found.map(\.age) == [.seconds(60), .seconds(600)])
        #expect(found[0].policy.options["host"] == "last" && found[0].receiptsEnd == .seconds(72 * 3600))
        newest = newest.remembering(found)
        #expect(newest.providers.count == 3 && newest.providers["back"]?.options["host"] == "now")
    }
}
