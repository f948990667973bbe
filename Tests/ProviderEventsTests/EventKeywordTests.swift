import Domain
import PipelineSupport
import Postgres
import ProviderEvents
import StageSupport
import Store
import TestSupport
import Testing
import Transports

@testable import Callbacks
@testable import Pipeline

@Suite("What people text back stops and starts messages", .timeLimit(.minutes(5)))
struct EventKeywordTests {
    static let phone = "+490000000001"
    static let other = "+490000000002"

    static func text(_ body: String, from phone: String = phone) -> ProviderEvent {
        .text(InboundKeywordsTests.text(body, from: String(phone.dropFirst())))
    }

    /// Sends one message of each class and answers their states.
    private func sent(_ bench: EventBench, _ classes: [String], to phone: String = phone, key: String? = nil) async throws
        -> [String]
    {
        var ids: [Int64] = []
        for name in classes {
            let lane = try await bench.shop.number("select lane from martlet_data.classes where name = '\(name)'")
            ids.append(
                Int64(
                    try await bench.shop.number(
                        "select martlet.enqueue('\(name)', 'sms', '\(phone)', 'note', '{\"text\": \"x\"}', recipient_key => \(key.map { "'\($0)'" } ?? "null"))"
                    )))
            try await bench.send(lane: Int16(lane))
        }
        var states: [String] = []
        for id in ids { states.append(try await bench.state(MessageID(id))) }
        return states
    }

    private func suppressions(_ bench: EventBench) async throws -> [String] {
        try await bench.shop.texts(
            "select address || ' ' || channel || ' ' || scope || ' ' || reason || coalesce(' ' || lift_reason, '') from martlet.suppressions order by id"
        )
    }

    /// Statuses of the consents on record, oldest first.
    private func consents(_ bench: EventBench, key: String = phone) async throws -> [String] {
        try await bench.shop.texts(
            "select purpose || ' ' || status || ' ' || method || coalesce(' ' || wording, '') from martlet_data.consents where recipient_key = '\(key)' order by id"
        )
    }

    @Test("STOP refuses what is queued already for that phone, of marketing and by SMS only; START undoes it")
    func stopAndStart() async throws {
        try await EventBench.with { bench in
            let queued = [
                MessageID(try await bench.shop.enqueue("marketing", to: Self.phone)),
                MessageID(try await bench.shop.enqueue("marketing", to: Self.other)),
            ]
            try await bench.recorder.record([Self.text(" ｓｔｏｐ. ")])
            try await bench.send(lane: 3)
            #expect(try await bench.state(queued[0]) == "suppressed marketing")
            #expect(try await bench.state(queued[1]) == "accepted")
            #expect(try await sent(bench, ["otp", "transactional", "notification"]) == ["accepted", "accepted", "accepted"])
            #expect(try await suppressions(bench) == ["+490000000001 sms marketing opt_out_text"])
            try await bench.recorder.record([Self.text("Stop"), Self.text("START", from: Self.other)])
            #expect(try await sent(bench, ["marketing"]) == ["suppressed marketing"])
            try await bench.recorder.record([Self.text("恢复")])
            #expect(try await sent(bench, ["marketing"]) == ["accepted"])
            #expect(try await suppressions(bench) == ["+490000000001 sms marketing opt_out_text text: 恢复"])
            #expect(try await bench.shop.number("select count(*) from martlet.inbound_texts") == 4)
        }
    }

    @Test("a phone with two national spellings is one: its STOP refuses both, its START lifts both")
    func otherSpelling() async throws {
        try await EventBench.with { bench in
            let (home, abroad) = ("+525512345678", "+5215512345678")
            func send() async throws -> [String] {
                var messages: [MessageID] = []
                for phone in [home, abroad] { messages.append(MessageID(try await bench.shop.enqueue("marketing", to: phone))) }
                try await bench.send(lane: 3)
                var states: [String] = []
                for message in messages { states.append(try await bench.state(message)) }
                return states
            }
            try await bench.recorder.record([Self.text("STOP", from: abroad)])
            #expect(try await send() == ["suppressed marketing", "suppressed marketing"])
            try await bench.recorder.record([Self.text("START", from: home)])
            #expect(try await send() == ["accepted", "accepted"])
        }
    }

    @Test(
        "a mailbox in several spellings is one person: one suppression refuses all, one cap counts all, each is written to as given"
    )
    func oneMailbox() async throws {
        var policy = ShopPolicy()
        policy.caps = "{two: {classes: [marketing], window: 1h, limit: 2, over: drop}}"
        try await EventBench.with(policy) { bench in
            func send(_ mailboxes: [String]) async throws -> [String] {
                var messages: [MessageID] = []
                for mailbox in mailboxes {
                    messages.append(MessageID(try await bench.shop.enqueue("marketing", to: mailbox, channel: "email")))
                }
                try await bench.send(lane: 3)
                var states: [String] = []
                for message in messages { states.append(try await bench.state(message)) }
                return states
            }
            let spellings = ["ann@xn--fiq.example", "Ann@中.example", "ANN@XN--FIQ.example", "ann@中.example"]
            let states = try await send(spellings)
            #expect(states.filter { $0 == "accepted" }.count == 2, "\(states)")
            #expect(states.filter { $0.hasPrefix("capped") }.count == 2, "\(states)")
            #expect(
                try await bench.shop.texts("select address from martlet_data.messages order by id")
                    == ["ann@xn--fiq.example", "Ann@中.example", "ANN@xn--fiq.example", "ann@中.example"])
            _ = try await bench.shop.texts("select martlet.suppress('email', 'bob.lee@example.com')::text")
            #expect(try await send(["Bob.Lee@Example.com", "bob.lee+x@example.com"]) == ["suppressed marketing", "accepted"])
        }
    }

    @Test("STOPALL stops everything but codes; what is no keyword changes nothing, and is kept")
    func stopAll() async throws {
        try await EventBench.with { bench in
            let words = ["Please stop", "STOP?", "退订吗", "HELP", "YES", "", "STOPALL it"]
            try await bench.recorder.record(words.map { Self.text($0) })
            #expect(try await bench.shop.number("select count(*) from martlet.inbound_texts") == words.count)
            #expect(try await suppressions(bench) == [])
            #expect(try await sent(bench, ["marketing", "transactional"]) == ["accepted", "accepted"])
            try await bench.recorder.record([Self.text("StopAll")])
            #expect(
                try await sent(bench, ["otp", "transactional", "notification", "marketing"])
                    == ["accepted"] + Array(repeating: "suppressed all_except_otp", count: 3))
        }
    }

    @Test("in one batch the order in which somebody wrote decides")
    func order() async throws {
        try await EventBench.with { bench in
            try await bench.recorder.record([
                Self.text("STOP"), Self.text("START", from: Self.other), Self.text("START"), Self.text("STOP", from: Self.other),
            ])
            #expect(try await sent(bench, ["marketing"]) == ["accepted"])
            #expect(try await sent(bench, ["marketing"], to: Self.other) == ["suppressed marketing"])
        }
    }

    @Test("START lifts opt-outs of any origin, and nothing that was suppressed for another reason")
    func otherReasons() async throws {
        try await EventBench.with { bench in
            try await bench.shop.script(
                """
                select martlet.suppress('sms', '\(Self.phone)'), martlet.suppress('sms', '\(Self.phone)', 'notification', 'court order'),
                    martlet.suppress('email', 'ann@example.com'), martlet.suppress('sms', '\(Self.other)')
                """)
            try await bench.recorder.record([Self.text("START")])
            #expect(try await sent(bench, ["marketing", "notification"]) == ["accepted", "suppressed notification"])
            #expect(try await bench.shop.number("select count(*) from martlet.suppressions where lifted_at is null") == 3)
        }
    }

    @Test("an opt-out withdraws consent; START puts back what the text withdrew, pending as pending, and grants nothing else")
    func consent() async throws {
        try await EventBench.with(ShopPolicy { $0.keywords = "scope: asked\n" }) { bench in
            func record(_ status: String, _ phone: String = Self.phone, _ purpose: String = "asked") async throws {
                try await bench.shop.script("select martlet.record_consent('\(phone)', 'sms', '\(purpose)', '\(status)', 'shop')")
            }
            let (pending, withdrawn, never) = ("+490000000003", "+490000000004", "+490000000005")
            let everybody = [Self.phone, pending, withdrawn, never]
            try await record("granted")
            try await record("granted", Self.phone, "marketing")
            try await record("granted", "customer 1")
            try await record("pending", pending)
            try await record("granted", withdrawn)
            try await record("withdrawn", withdrawn)
            try await bench.recorder.record(everybody.map { Self.text("Stop", from: $0) })
            #expect(try await consents(bench).last == "asked withdrawn text Stop")
            #expect(try await sent(bench, ["asked", "marketing"]) == ["suppressed asked", "accepted"])
            try await bench.recorder.record(everybody.map { Self.text("Start", from: $0) } + [Self.text("START")])
            #expect(
                try await consents(bench) == [
                    "asked granted shop", "marketing granted shop", "asked withdrawn text Stop", "asked granted text Start",
                ])
            var states: [String] = []
            for phone in everybody { states += try await sent(bench, ["asked"], to: phone) }
            #expect(
                states == [
                    "accepted", "suppressed consent_pending", "suppressed consent_withdrawn", "suppressed no_consent",
                ])
            #expect(try await consents(bench, key: pending).last == "asked pending text Start")
            #expect(try await consents(bench, key: withdrawn) == ["asked granted shop", "asked withdrawn shop"])
            #expect(try await consents(bench, key: never) == [])
            // Somebody with a key of their own is reached by the address.
            #expect(try await sent(bench, ["asked"], key: "customer 1") == ["accepted"])
            try await bench.recorder.record([Self.text("STOP")])
            #expect(try await sent(bench, ["asked"], key: "customer 1") == ["suppressed asked"])
            #expect(try await consents(bench, key: "customer 1") == ["asked granted shop"])
        }
    }

    @Test("a keyword that cannot be obeyed leaves no text behind: the carrier keeps it, and it comes again")
    func together() async throws {
        try await EventBench.with { bench in
            try await bench.shop.script(
                """
                create function martlet_data.refuse() returns trigger language plpgsql as $$ begin raise exception 'no' using errcode = '53100'; end $$;
                create trigger refuse before insert on martlet_data.suppressions for each row execute function martlet_data.refuse();
                """)
            await #expect(throws: StoreError.self) { try await bench.recorder.record([Self.text("STOP"), Self.text("hello")]) }
            #expect(try await bench.shop.number("select count(*) from martlet_data.inbound_texts") == 0)
            try await bench.shop.script("drop trigger refuse on martlet_data.suppressions")
            try await bench.recorder.record([Self.text("STOP"), Self.text("hello")])
            #expect(try await bench.shop.number("select count(*) from martlet_data.inbound_texts") == 2)
            #expect(try await suppressions(bench).count == 1)
            // With a worker's rights alone.
            try await bench.shop.script(
                "set role martlet_worker; select martlet_data.apply_keywords('sms', '{+490000000009}', '{marketing}', '{STOP}'); reset role"
            )
            #expect(try await suppressions(bench).count == 2)
        }
    }

    @Test("keywords that race admits, from two workers in any order: no attempt is admitted after the opt-out of its phone")
    func race() async throws {
        try await EventBench.with { bench in
            let count = 200
            try await bench.shop.enqueueMany("marketing", count: count)
            try await withThrowingTaskGroup(of: Void.self) { group in
                for _ in 0..<2 {
                    group.addTask {
                        let worker = try await Bench(bench.shop)
                        repeat {
                            while try await worker.step(lane: 3, limit: 3) {}
                            _ = try await worker.promote()
                        } while try await bench.shop.number("select count(*) from martlet_data.ready")
                            + bench.shop.number("select count(*) from martlet_data.due") > 0
                    }
                    group.addTask {
                        var numbers = (0..<count).shuffled()[...]
                        while !numbers.isEmpty {
                            let batch = numbers.prefix(7)
                            numbers = numbers.dropFirst(7)
                            try await bench.recorder.record(batch.map { Self.text("STOP", from: "+\(490_000_000_000 + $0)") })
                        }
                    }
                }
                try await group.waitForAll()
            }
            let states = try await bench.shop.states()
            #expect((states["accepted"] ?? 0) + (states["suppressed"] ?? 0) == count, "\(states)")
            #expect(try await suppressions(bench).count == count)
            let late = """
                select count(*) from martlet_data.attempts a join martlet_data.messages m on m.id = a.message_id
                    join martlet_data.suppressions s on s.address = m.address where a.admitted_at > s.created_at
                """
            #expect(try await bench.shop.number(late) == 0)
        }
    }
}
