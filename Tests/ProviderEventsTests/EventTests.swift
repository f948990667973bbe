import Domain
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

@Suite("What carriers say later becomes receipts", .timeLimit(.minutes(5)))
struct EventTests {
    static let phone = "+490000000001"
    static let bare = "490000000001"

    @Test("ids match exactly, else as hexadecimal or decimal, else without case and leading zeros, for the same phone only")
    func ids() async throws {
        try await EventBench.with { bench in
            let given = ["7f3a", "0x", "1234567", "00ab12", "AbCdEf", "20"]
            let said = ["7f3a", "0x", "12d687", "43794", "000abcdef", "32"]
            let phones = given.indices.map { "+49000000010\($0)" }
            let messages = try await bench.accepted(phones)
            for (index, message) in messages.enumerated() { try await bench.give(message, [given[index]], to: phones[index]) }
            try await bench.recorder.record(
                said.enumerated().map { index, id in
                    // The last one comes from another phone: not the same id, then.
                    EventBench.receipt(id, from: index == 5 ? "440000" : String(phones[index].dropFirst()))
                })
            var states: [String] = []
            for message in messages { states.append(try await bench.state(message)) }
            #expect(states == Array(repeating: "delivered", count: 5) + ["accepted"])
            #expect(try await bench.parked() == ["no_match waiting"])
        }
    }

    @Test("an id that several messages share is told apart by the phone, or says nothing about any of them")
    func shared() async throws {
        try await EventBench.with { bench in
            let other = "+490000000002"
            let messages = try await bench.accepted([Self.phone, other, Self.phone])
            for (message, phone) in zip(messages, [Self.phone, other, Self.phone]) {
                try await bench.give(message, ["same"], to: phone)
            }
            try await bench.recorder.record([
                EventBench.receipt("same", from: String(other.dropFirst())),
                EventBench.receipt("same", .undeliverable, from: Self.bare),
                EventBench.receipt("same"),
            ])
            #expect(try await bench.state(messages[0]) == "accepted")
            #expect(try await bench.state(messages[1]) == "delivered")
            #expect(try await bench.state(messages[2]) == "accepted")
            #expect(try await bench.parked() == ["ambiguous", "ambiguous"])
        }
    }

    @Test("a carrier that gives everybody the same id gets no receipt into a wrong message")
    func constant() async throws {
        try await EventBench.with { bench in
            let phones = (0..<40).map { "+4900000002\($0 + 10)" }
            let messages = try await bench.accepted(phones)
            for (message, phone) in zip(messages, phones) { try await bench.give(message, ["0"], to: phone) }
            try await bench.recorder.record(phones.map { EventBench.receipt("0", from: String($0.dropFirst())) })
            #expect(try await bench.shop.states() == ["accepted": 40])
        }
    }

    @Test(
        "a receipt that comes before the submit response is kept, and matched a second later; after 72 hours it stays unmatched"
    )
    func early() async throws {
        try await EventBench.with { bench in
            try await bench.recorder.record([
                EventBench.receipt("soon", from: Self.bare), EventBench.receipt("never", from: Self.bare),
            ])
            #expect(try await bench.parked() == ["no_match waiting", "no_match waiting"])
            #expect(
                try await bench.shop.number(
                    "select count(*) from martlet_data.provider_events where next_try - at between '0.9 s' and '1.1 s' and payload::text not like '%1234%'"
                ) == 2)
            let message = try await bench.accepted([Self.phone])[0]
            try await bench.retry()
            #expect(try await bench.parked() == ["no_match waiting", "no_match waiting"])
            try await bench.give(message, ["soon"], to: Self.phone)
            try await bench.retry()
            #expect(try await bench.state(message) == "delivered")
            #expect(try await bench.parked() == ["no_match waiting"])
            #expect(try await bench.shop.number("select tries from martlet_data.provider_events") == 3)
            try await bench.shop.script("update martlet_data.provider_events set at = at - interval '71.9 hours'")
            try await bench.retry()
            #expect(try await bench.parked() == ["no_match waiting"])
            try await bench.shop.script("update martlet_data.provider_events set at = at - interval '0.2 hours'")
            try await bench.retry()
            #expect(try await bench.parked() == ["no_match"])
            #expect(
                try await bench.shop.texts(
                    "select provider || ' ' || reason || ' ' || events || ' ' || waiting from martlet.unmatched_events")
                    == ["carrier no_match 1 0"])
            #expect(try await bench.shop.store.run(PurgeParkedEvents(keep: .seconds(10 * 86_400))) == 0)
            #expect(try await bench.shop.store.run(PurgeParkedEvents(keep: .seconds(2 * 86_400))) == 1)
        }
    }

    @Test("an id of a message that was accepted weeks ago is found in its old partition")
    func old() async throws {
        try await EventBench.with { bench in
            let message = try await bench.accepted([Self.phone])[0]
            try await bench.give(message, ["old"], to: Self.phone)
            try await bench.shop.script("update martlet_data.carrier_ids set at = at - interval '30 days'")
            try await bench.recorder.record([EventBench.receipt("old", from: Self.bare)])
            #expect(try await bench.state(message) == "delivered")
        }
    }

    @Test("with receipt_parts last, one receipt with the id of any part speaks for the whole message")
    func last() async throws {
        try await EventBench.with { bench in
            let messages = try await bench.accepted([Self.phone, "+490000000002"])
            try await bench.give(messages[0], ["p1", "p2", "p3"], to: Self.phone, parts: 1)
            try await bench.give(messages[1], ["one", "one", "one"], to: "+490000000002", parts: 1)
            try await bench.recorder.record([EventBench.receipt("p3"), EventBench.receipt("one", .expired)])
            #expect(try await bench.state(messages[0]) == "delivered")
            #expect(try await bench.state(messages[1]) == "undelivered expired")
        }
    }

    @Test("repeated and late receipts change nothing, ENROUTE, ACCEPTD and UNKNOWN are never final, delivered is the end")
    func late() async throws {
        try await EventBench.with { bench in
            let message = try await bench.accepted([Self.phone])[0]
            try await bench.give(message, ["a1"], to: Self.phone)
            let intermediate: [ProviderEvent] = [
                EventBench.receipt("a1", .enroute), EventBench.receipt("a1", .accepted), EventBench.receipt("a1", .unknown),
                EventBench.receipt("a1", .delivered, intermediate: true), EventBench.receipt("a1", .scheduled),
            ]
            try await bench.recorder.record(intermediate + intermediate)
            #expect(try await bench.state(message) == "accepted")
            #expect(try await bench.kinds(message) == ["enroute", "unclear"])
            try await bench.recorder.record([EventBench.receipt("a1", .undeliverable, error: "011")])
            #expect(try await bench.state(message) == "undelivered undeliverable_011")
            for _ in 0..<2 { try await bench.recorder.record([EventBench.receipt("a1"), EventBench.receipt("a1")]) }
            try await bench.recorder.record([EventBench.receipt("a1", .expired)] + intermediate)
            #expect(try await bench.state(message) == "delivered")
            #expect(try await bench.kinds(message) == ["delivered", "enroute", "unclear", "undelivered"])
        }
    }

    @Test("one event that PostgreSQL refuses is set aside; the other 49 of its batch are kept")
    func bad() async throws {
        try await EventBench.with { bench in
            let phones = (0..<50).map { "+4900000003\($0 + 10)" }
            let messages = try await bench.accepted(phones)
            for (index, message) in messages.enumerated() { try await bench.give(message, ["b\(index)"], to: phones[index]) }
            try await bench.shop.script(
                """
                create function martlet_data.refuse() returns trigger language plpgsql as $$ begin raise exception 'no' using errcode = '22000'; end $$;
                create trigger refuse before insert on martlet_data.receipts for each row when (new.reference = 'b17') execute function martlet_data.refuse();
                """)
            try await bench.recorder.record(
                messages.indices.map { EventBench.receipt("b\($0)") } + [EventBench.receipt("nul\0nul")])
            #expect(try await bench.shop.states() == ["delivered": 49, "accepted": 1])
            #expect(try await bench.parked().sorted() == ["no_match waiting", "unreadable"])
        }
    }

    @Test("without PostgreSQL it throws in bounded time, so that the carrier keeps what it has")
    func away() async throws {
        try await EventBench.with { bench in
            let nowhere = Database(
                DatabaseOptions(conninfo: "host=127.0.0.1 port=1 user=nobody dbname=none", applicationName: "t", connections: 1))
            let recorder = EventRecorder(
                shared: bench.bench.events, database: nowhere, meters: Meters(), logger: bench.recorder.logger)
            let started = ContinuousClock.now
            await #expect(throws: StoreError.self) { try await recorder.record([EventBench.receipt("a")]) }
            #expect(.now - started < .seconds(20))
            await nowhere.close()
        }
    }
}
