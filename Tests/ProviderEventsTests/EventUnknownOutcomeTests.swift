import Domain
import PipelineSupport
import ProviderEvents
import StageSupport
import Store
import TestSupport
import Testing
import Transports

@testable import Callbacks
@testable import Pipeline
@testable import Worker

@Suite("What is known late resolves doubt", .timeLimit(.minutes(5)))
struct EventUnknownOutcomeTests {
    static let phone = "+490000000001"

    /// A shop whose provider never answers: every message is in doubt.
    func silent(_ body: (EventBench) async throws -> Void) async throws {
        try await EventBench.with(
            ShopPolicy {
                $0.rules = "* lose"
                $0.sendWithin = "1s"
                $0.timeout = "200ms"
            }
        ) { bench in try await body(bench) }
    }

    static func response(_ id: MessageID, _ outcome: Outcome, part: Int = 1, parts: Int = 1, attempt: Int = 1) -> ProviderEvent {
        .response(
            LateResponse(provider: "carrier", messageID: id, attempt: attempt, part: part, parts: parts, outcome: outcome))
    }

    @Test("a dead letter in doubt goes when the answer or a receipt comes, and the audit says so")
    func dead() async throws {
        try await silent { bench in
            let messages = try await bench.accepted((0..<4).map { "+49000000002\($0)" }, class: "marketing")
            #expect(try await bench.shop.states() == ["dead:in_doubt": 4])
            try await bench.give(messages[1], ["r1"], to: "+490000000021")
            try await bench.give(messages[2], ["r2"], to: "+490000000022")
            try await bench.recorder.record([
                Self.response(messages[0], .accepted(reference: "r0")), EventBench.receipt("r1"),
                EventBench.receipt("r2", .undeliverable),
                Self.response(messages[3], .rejected(Failure(code: "smpp_0x0b", detail: "no such phone", blame: .recipient))),
            ])
            #expect(try await bench.state(messages[0]) == "accepted late_answer")
            #expect(try await bench.state(messages[1]) == "delivered")
            #expect(try await bench.state(messages[2]) == "undelivered undeliverable")
            // It is evidence for an admin, who decides about the message.
            #expect(try await bench.state(messages[3]) == "dead in_doubt")
            #expect(try await bench.kinds(messages[3]) == ["late_refusal"])
            let audit = try await bench.shop.texts(
                "select action || ' ' || object || ' ' || (detail ->> 'state') from martlet.audit order by id")
            #expect(
                audit.sorted()
                    == zip(messages, ["accepted", "delivered", "undelivered"]).map { "resolve_doubt \($0) \($1)" }.sorted())
            #expect(try await bench.parked() == [])
        }
    }

    @Test("a message that waits to be sent again is ended by Admit, not sent")
    func waiting() async throws {
        try await silent { bench in
            let messages = try await bench.accepted([Self.phone, "+490000000002"], class: "notification")
            #expect(try await bench.shop.states() == ["due": 2])
            try await bench.recorder.record([Self.response(messages[0], .accepted(reference: nil))])
            let before = try bench.shop.outbox().count
            try await bench.shop.script("update martlet_data.due set due_at = clock_timestamp()")
            _ = try await bench.bench.promote()
            try await bench.send(lane: 2)
            let again = try bench.shop.outbox().dropFirst(before).map(\.messageID)
            #expect(again == [messages[1].rawValue])
            #expect(try await bench.shop.states() == ["accepted": 1, "dead:in_doubt": 1])
        }
    }

    @Test("an answer that is kept before its attempt's outcome is written down is looked at again when it is")
    func before() async throws {
        try await silent { bench in
            let message = MessageID(try await bench.shop.enqueue("marketing", to: Self.phone))
            try await bench.bench.refresh()
            _ = try await bench.bench.step(lane: 3)
            #expect(try await bench.state(message) == "sending")
            try await bench.recorder.record([Self.response(message, .accepted(reference: "x9"))])
            #expect(try await bench.parked() == ["no_outcome waiting"])
            #expect(try await bench.state(message) == "accepted late_answer")
            try await bench.send(lane: 3)
            // Never dead: who was told that it was taken is not told otherwise.
            #expect(try await bench.state(message).hasPrefix("accepted"))
            #expect(try await bench.shop.number("select count(*) from martlet_data.dead_letters") == 0)
            try await bench.retry()
            #expect(try await bench.state(message).hasPrefix("accepted"))
            #expect(try await bench.parked() == [])
        }
    }

    @Test("of several parts the message is accepted when all late answers are there; each part's receipt finds its part")
    func parts() async throws {
        try await EventBench.with(
            ShopPolicy {
                $0.rules = "* lose"
                $0.sendWithin = "1s"
                $0.timeout = "200ms"
                $0.carrierPort = 1
            }
        ) { bench in
            // By e-mail, which the sandbox gets here: what matters is that the carrier is one whose receipts name ids.
            let message = try await bench.accepted(["ann@example.com"], class: "marketing", channel: "email")[0]
            func late(_ part: Int) -> ProviderEvent {
                Self.response(message, .accepted(reference: "0\(part)AB"), part: part, parts: 3)
            }
            try await bench.recorder.record([late(3), late(1)])
            try await bench.recorder.record([late(3)])
            #expect(try await bench.state(message) == "dead in_doubt")
            try await bench.recorder.record([late(2)])
            #expect(try await bench.state(message) == "accepted")
            try await bench.recorder.record((1...3).map { EventBench.receipt("\($0)ab", from: "") })
            #expect(try await bench.state(message) == "accepted", "another spelling needs the phone")
            try await bench.recorder.record((1...3).map { EventBench.receipt("0\($0)AB") })
            #expect(try await bench.state(message) == "delivered")
        }
    }

    @Test("an in-doubt attempt that failed does not end a message that an admin has put back to work since")
    func requeued() async throws {
        try await silent { bench in
            let message = try await bench.accepted([Self.phone], class: "marketing")[0]
            try await bench.give(message, ["r1"], to: Self.phone)
            try await bench.shop.script("select martlet.requeue(\(message), 'asked', may_duplicate => true)")
            try await bench.recorder.record([EventBench.receipt("r1", .undeliverable)])
            #expect(try await bench.state(message) == "ready")
            try bench.shop.rules("* accept")
            try await eventually(within: .seconds(5), "the sandbox has read its rules") {
                try await bench.send(lane: 3)
                return try await bench.state(message) == "accepted"
            }
            #expect(try bench.shop.outbox().count == 2)
        }
    }

    /// The worker of `bench` dies; another one rescues what it held.
    private func kill(_ bench: EventBench) async throws -> Bench {
        let other = try await Bench(bench.shop)
        try await bench.shop.script(
            "update martlet_data.sessions set beat_at = clock_timestamp() - interval '1 minute' where id = \(bench.bench.shared.session)"
        )
        _ = try await Rescue(shared: other.shared, database: other.database).round()
        return other
    }

    @Test(
        "a code whose receipt came before its worker died is delivered, not sent again, and no dead letter",
        arguments: ["otp", "marketing"])
    func receiptBeforeDeath(messageClass: String) async throws {
        try await silent { bench in
            let message = MessageID(try await bench.shop.enqueue(messageClass, to: Self.phone))
            try await bench.bench.refresh()
            _ = try await bench.bench.step(lane: messageClass == "otp" ? 0 : 3)
            try await bench.give(message, ["r1"], to: Self.phone)
            try await bench.recorder.record([EventBench.receipt("r1")])
            #expect(try await bench.state(message) == "delivered")
            _ = try await kill(bench)
            #expect(try await bench.state(message).hasPrefix("delivered"))
            #expect(try await bench.shop.waiting() == 0)
            #expect(try await bench.shop.number("select count(*) from martlet_data.dead_letters") == 0)
        }
    }

    @Test(
        "a code that waits to be sent again, and whose body its receipt has erased, is delivered: what Render says of it does not count"
    )
    func erased() async throws {
        try await silent { bench in
            let message = try await bench.accepted([Self.phone], class: "otp")[0]
            #expect(try await bench.shop.states() == ["due": 1])
            try await bench.give(message, ["r1"], to: Self.phone)
            try await bench.recorder.record([EventBench.receipt("r1")])
            try await bench.shop.store.run(EraseBodies(messageIDs: [message]))
            #expect(try await bench.shop.texts("select variables::text from martlet_data.messages") == ["{}"])
            try await bench.shop.script("update martlet_data.due set due_at = clock_timestamp()")
            _ = try await bench.bench.promote()
            try await bench.send(lane: 0)
            #expect(try await bench.state(message).hasPrefix("delivered"))
            #expect(try await bench.shop.number("select count(*) from martlet_data.receipts where kind = 'dead'") == 0)
            #expect(try bench.shop.outbox().count == 1)
        }
    }

    @Test("in doubt, refused when it was sent again, delivered after all: the receipt wins")
    func refusedAgain() async throws {
        try await silent { bench in
            let message = try await bench.accepted([Self.phone], class: "otp")[0]
            try bench.shop.rules("* reject")
            try await eventually(within: .seconds(10), "the sandbox has read its rules") {
                let probe = try await bench.accepted(["+490000000002"], class: "marketing")[0]
                return try await bench.state(probe) == "dead rejected_recipient"
            }
            try await bench.shop.script("update martlet_data.due set due_at = clock_timestamp()")
            _ = try await bench.bench.promote()
            try await bench.send(lane: 0)
            #expect(try await bench.state(message) == "dead rejected_recipient")
            try await bench.give(message, ["r1"], to: Self.phone)
            try await bench.recorder.record([EventBench.receipt("r1")])
            #expect(try await bench.state(message) == "delivered")
            let left = "select count(*) from martlet_data.dead_letters where message_id = \(message)"
            #expect(try await bench.shop.number(left) == 0)
            #expect(try await bench.shop.number("select count(*) from martlet.audit where action = 'resolve_doubt'") == 1)
        }
    }

    @Test(
        "in doubt, and not sent again because its time is over or somebody forbade it: it may have arrived, so that is what it says",
        arguments: [
            "update martlet_data.messages set expires_at = clock_timestamp()",
            "select martlet.suppress('sms', '+490000000001', 'all')", "select martlet.cancel('spring'::text)",
        ])
    func unsent(sql: String) async throws {
        try await silent { bench in
            let message = MessageID(try await bench.shop.enqueue("otp", to: Self.phone, arguments: "group_key => 'spring'"))
            try await bench.send(lane: 0)
            try await bench.shop.script("\(sql); update martlet_data.due set due_at = clock_timestamp()")
            _ = try await bench.bench.promote()
            try await bench.send(lane: 0)
            #expect(try await bench.state(message) == "dead in_doubt")
            try await bench.give(message, ["r1"], to: Self.phone)
            try await bench.recorder.record([EventBench.receipt("r1")])
            #expect(try await bench.state(message) == "delivered")
        }
    }

    @Test("a message in doubt is sent again though its own first try has the only slot of its cap, and no other one is")
    func ownSlot() async throws {
        try await EventBench.with(
            ShopPolicy {
                $0.rules = "* lose"
                $0.sendWithin = "1s"
                $0.timeout = "200ms"
                $0.caps = "{minute: {classes: [otp], window: 1m, limit: 1, over: drop}}"
            }
        ) { bench in
            let message = try await bench.accepted([Self.phone], class: "otp")[0]
            try await bench.shop.script("update martlet_data.due set due_at = clock_timestamp()")
            _ = try await bench.bench.promote()
            try await bench.send(lane: 0)
            let other = try await bench.accepted([Self.phone], class: "otp")[0]
            #expect(try await bench.state(message) == "dead in_doubt")
            #expect(try await bench.state(other) == "capped minute")
            #expect(try bench.shop.outbox().map(\.messageID) == [message.rawValue, message.rawValue])
        }
    }
}
