import Domain
import Foundation
import PipelineSupport
import Postgres
import StageSupport
import Store
import TestSupport
import Testing

@testable import Pipeline

@Suite("A second message on another channel: none or one", .timeLimit(.minutes(5)))
struct FollowUpTests {
    /// What is known of the first message, as SQL that puts it there, and what becomes of its follow-up, which was due an hour ago.
    struct Story: Sendable, CustomTestStringConvertible {
        var condition: String
        var told: [String]
        var decision: String
        /// How long after its acceptance.
        var after = "1 hour"
        var testDescription: String { "\(condition) after \(after): \(told.joined(separator: ", ")) → \(decision)" }

        static let all = [
            Story(condition: "not_opened", told: ["accepted"], decision: "sent not_opened"),
            Story(condition: "not_opened", told: ["accepted", "delivered"], decision: "sent not_opened"),
            Story(condition: "not_opened", told: ["accepted", "opened"], decision: "settled opened"),
            Story(condition: "not_opened", told: ["accepted", "clicked"], decision: "settled clicked"),
            Story(condition: "not_opened", told: ["accepted", "prefetched"], decision: "sent not_opened"),
            Story(condition: "not_clicked", told: ["accepted", "opened"], decision: "sent not_clicked"),
            Story(condition: "not_clicked", told: ["accepted", "clicked"], decision: "settled clicked"),
            Story(condition: "not_delivered", told: ["accepted"], decision: "sent not_delivered"),
            Story(condition: "not_delivered", told: ["accepted", "delivered"], decision: "settled delivered"),
            Story(condition: "not_delivered", told: ["accepted", "opened"], decision: "settled opened"),
            Story(condition: "not_delivered", told: ["accepted", "enroute"], decision: "sent not_delivered"),
            // A failure needs no waiting.
            Story(condition: "not_clicked", told: ["accepted", "undelivered"], decision: "sent undelivered", after: "1 day"),
            Story(condition: "undelivered", told: ["accepted", "undelivered"], decision: "sent undelivered", after: "1 day"),
            Story(condition: "undelivered", told: ["dead"], decision: "sent dead", after: "1 day"),
            Story(condition: "undelivered", told: ["expired"], decision: "sent expired", after: "1 day"),
            Story(condition: "undelivered", told: ["bounced before", "suppressed"], decision: "sent suppressed", after: "1 day"),
            // No request waits for it.
            Story(condition: "undelivered", told: ["suppressed"], decision: "settled suppressed"),
            Story(condition: "undelivered", told: ["capped"], decision: "settled capped"),
            Story(condition: "not_opened", told: ["cancelled"], decision: "settled cancelled"),
            Story(condition: "not_opened", told: ["accepted", "group cancelled"], decision: "settled cancelled"),
            Story(condition: "not_opened", told: ["accepted", "discarded"], decision: "settled discarded"),
            // Not yet.
            Story(condition: "not_clicked", told: ["accepted", "seen just now"], decision: "open"),
            Story(condition: "not_clicked", told: ["accepted", "seen by a machine"], decision: "sent not_clicked"),
            Story(condition: "not_clicked", told: ["accepted", "seen and never judged"], decision: "sent not_clicked"),
            Story(condition: "not_opened", told: [], decision: "open"),
            Story(condition: "not_opened", told: ["accepted"], decision: "open", after: "1 day"),
            Story(condition: "not_delivered", told: ["in doubt"], decision: "open"),
            Story(condition: "undelivered", told: ["accepted"], decision: "open", after: "1 day"),
            Story(condition: "undelivered", told: ["accepted", "enroute"], decision: "lapsed nothing_heard"),
            // An earlier try may have arrived: as long as that may still turn out nothing follows, though a later one was refused.
            Story(condition: "undelivered", told: ["may have arrived", "dead"], decision: "open", after: "1 day"),
            Story(
                condition: "undelivered", told: ["may have arrived", "dead", "delivered"], decision: "settled delivered",
                after: "1 day"),
            Story(condition: "undelivered", told: ["may have arrived", "dead"], decision: "sent dead"),
            Story(
                condition: "undelivered", told: ["may have arrived", "undelivered", "dead"], decision: "sent dead", after: "1 day"
            ),
            // An older try's failure, a stale worker's word, a failure before a requeue.
            Story(
                condition: "undelivered", told: ["undelivered", "accepted again"], decision: "open", after: "1 day"),
            Story(condition: "undelivered", told: ["expired stale"], decision: "open"),
            Story(condition: "undelivered", told: ["expired", "requeued"], decision: "open"),
            Story(condition: "not_opened", told: ["gone"], decision: "lapsed message_gone"),
            Story(condition: "not_opened", told: ["accepted", "template retired"], decision: "refused no_template"),
        ]
    }

    @Test("what was said about the first decides, whatever came first", arguments: Story.all)
    func decides(_ story: Story) async throws {
        try await Shop.with { shop in
            let id = try await shop.enqueue(
                "transactional", to: "ann@example.com", arguments: "group_key => 'spring'", channel: "email")
            try await shop.script(
                """
                select martlet.follow_up(\(id), '\(story.condition)', 'sms', '+447700900001', '\(story.after)');
                update martlet_data.follow_ups set due_at = clock_timestamp() - interval '1 hour';
                """)
            for word in story.told { try await shop.script(Self.sql(word, id)) }
            _ = try await shop.store.run(DecideFollowUps(limit: 10))
            let decision = try await shop.texts("select concat_ws(' ', state, why) from martlet.follow_ups")
            #expect(decision == [story.decision])
            let seconds = try await shop.number("select count(*) from martlet_data.messages where address = '+447700900001'")
            #expect(seconds == (story.decision.hasPrefix("sent") ? 1 : 0))
            // Asked again it says the same.
            _ = try await shop.store.run(DecideFollowUps(limit: 10))
            #expect(
                try await shop.number("select count(*) from martlet_data.messages where address = '+447700900001'") == seconds)
        }
    }

    private static func sql(_ word: String, _ id: Int64) -> String {
        func receipt(_ kind: String, attempt: Int = 1, stale: Bool = false) -> String {
            """
            insert into martlet_data.receipts (message_id, kind, attempt, at, stale)
                values (\(id), '\(kind)', \(attempt), clock_timestamp() - interval '2 hours', \(stale))
            """
        }
        func dead(_ reason: String) -> String {
            """
            insert into martlet_data.dead_letters (message_id, class, channel, recipient_key, address, template, reason, explanation, remedy, lane, attempt,
                series, message, history) values (\(id), 'transactional', 'email', 'a', 'a', 'note', '\(reason)', 'e', 'r', 1, 1, 0, '{}', '[]')
            """
        }
        func visit(_ machine: String, ago: String) -> String {
            "insert into martlet_data.link_visits (message_id, link, at, machine) values (\(id), 1, clock_timestamp() - interval '\(ago)', \(machine))"
        }
        return switch word {
        case "dead": "\(receipt("dead")); \(dead("rejected"))"
        case "in doubt": "\(receipt("dead")); \(dead("in_doubt"))"
        case "bounced before": "select martlet.suppress('email', 'ann@example.com', 'all', 'hard_bounce')"
        case "seen just now": visit("null", ago: "1 second")
        case "seen by a machine": visit("'prefetch'", ago: "1 second")
        case "seen and never judged": visit("null", ago: "2 minutes")
        case "may have arrived":
            """
            insert into martlet_data.attempts (message_id, attempt, provider, session, admitted_at, send_by, template_version, segments)
                values (\(id), 1, 'sandbox', 1, clock_timestamp() - interval '2 hours', clock_timestamp() - interval '2 hours', 1, 1)
            """
        case "accepted again": receipt("accepted", attempt: 2)
        case "expired stale": receipt("expired", stale: true)
        case "group cancelled": "select martlet.cancel('spring'::text)"
        case "requeued":
            "insert into martlet_data.requeues (message_id, series, expires_at, why) values (\(id), 1, now() + interval '1 day', 'again')"
        case "gone": "delete from martlet_data.messages where id = \(id)"
        case "template retired": "update martlet_data.templates set retired_at = now() where channel = 'sms'"
        default: receipt(word)
        }
    }

    @Test("an SMS that no provider takes becomes the e-mail that its service asked for, at once and with all it needs")
    func fallback() async throws {
        let policy = ShopPolicy { $0.rules = "+447700900001 reject" }
        try await Shop.with(policy) { shop in
            let bench = try await Bench(shop)
            let id = try await shop.number(
                """
                select martlet.follow_up(martlet.enqueue('otp', 'sms', '+447700900001', 'note', '{"text": "code 1234"}', recipient_key => 'customer 1',
                    group_key => 'logins', time_zone => 'Asia/Tokyo'), 'undelivered', 'email', 'ann@example.com', class => 'transactional')
                """)
            try await bench.refresh()
            while try await bench.step(lane: 0) {}
            let decided = try await shop.store.run(DecideFollowUps(limit: 10))
            #expect(decided.map(\.decision) == ["sent"])
            try await bench.refresh()
            bench.claim.resetScanPositions()
            while try await bench.step(lane: 1) {}
            let handed = try shop.outbox().map { "\($0.to) \($0.answer): \($0.text)" }
            #expect(handed.count == 2 && handed.last?.hasPrefix("ann@example.com accepted") == true, "\(handed)")
            let ledger = try String(contentsOfFile: shop.outboxPath, encoding: .utf8).split(separator: "\n")
            #expect(
                ledger.last?.contains("code 1234") == true,
                "the class otp erases its bodies: the follow-up has kept what it needs")
            let second = try await shop.texts(
                """
                select concat_ws(' ', s.recipient_key, s.group_key, s.time_zone, s.producer = f.producer, s.expires_at - s.created_at, r.detail)
                from martlet_data.messages f join martlet.follow_ups u on u.message_id = f.id join martlet_data.messages s on s.id = u.sent_id
                join martlet_data.receipts r on r.message_id = s.id and r.kind = 'follows' where f.id = \(id)
                """)
            #expect(second == ["customer 1 logins Asia/Tokyo t 1 day dead: follows message \(id)"])
            #expect(try await shop.texts("select coalesce(variables::text, 'erased') from martlet_data.follow_ups") == ["erased"])
        }
    }

    @Test("an event settles it in its own transaction; a failure makes it due now; cancelled it sends nothing")
    func notes() async throws {
        try await Shop.with { shop in
            func ask(_ condition: String) async throws -> Int64 {
                let id = try await shop.enqueue("transactional", to: "ann@example.com", channel: "email")
                try await shop.script("select martlet.follow_up(\(id), '\(condition)', 'sms', '+447700900001', '1 day')")
                return id
            }
            func state(_ id: Int64) async throws -> String {
                try await shop.texts(
                    "select concat_ws(' ', state, why, due_at <= clock_timestamp()) from martlet.follow_ups where message_id = \(id)"
                )[0]
            }
            let clicked = try await ask("not_clicked")
            try await shop.store.run(
                InsertCarrierReceipts([
                    .init(messageID: MessageID(clicked), attempt: 1, kind: "clicked", part: 1, provider: "links")
                ]))
            #expect(try await state(clicked) == "settled clicked f")
            let bounced = try await ask("not_clicked")
            try await shop.store.run(
                InsertCarrierReceipts([
                    .init(messageID: MessageID(bounced), attempt: 1, kind: "undelivered", part: 0, provider: "sandbox")
                ]))
            #expect(try await state(bounced) == "open t")
            let cancelled = try await ask("not_clicked")
            #expect(try await shop.texts("select martlet.cancel_follow_up(\(cancelled))") == ["cancelled"])
            #expect(try await shop.texts("select martlet.cancel_follow_up(\(cancelled))") == ["already_final"])
            #expect(try await state(cancelled) == "settled cancelled f")
        }
    }

    @Test(
        "what cannot be is refused, with what is wrong and where",
        arguments: [
            ("'sometimes', 'sms', '+447700900001'", "MT015", "field condition: 'sometimes'"),
            ("'not_opened', 'fax', '+447700900001'", "MT002", "field channel: unknown channel 'fax'"),
            ("'not_opened', 'sms', 'nobody'", "MT003", "field recipient: 'no****'"),
            ("'not_opened', 'sms', '+447700900001', '100 days'", "MT015", "field after: 100 days"),
            (
                "'not_opened', 'sms', '+447700900001', template => 'letter'", "MT004",
                "field template: there is no template 'letter'"
            ),
            ("'not_opened', 'sms', '+447700900001', class => 'letters'", "MT001", "field class: unknown class 'letters'"),
            ("'not_opened', 'sms', '+447700900001', variables => '[1]'", "MT006", "field variables"),
            ("'not_opened', 'sms', '+447700900001', sender => 'nobody'", "MT009", "field sender: unknown sender 'nobody'"),
            ("'not_clicked', 'sms', '+447700900001'", "MT015", "has another follow-up already"),
        ])
    func refuses(_ arguments: String, _ code: String, _ message: String) async throws {
        try await Shop.with { shop in
            let id = try await shop.enqueue("transactional", to: "ann@example.com", channel: "email")
            // The same request again is the same follow-up.
            for _ in 1...2 { try await shop.script("select martlet.follow_up(\(id), 'not_opened', 'sms', '07700 900001')") }
            do {
                try await shop.script("select martlet.follow_up(\(id), \(arguments))")
                Issue.record("it was taken")
            } catch PQError.server(let error) {
                #expect(error.sqlstate == code)
                #expect(error.message.contains(message), "\(error.message)")
            }
            #expect(
                try await shop.texts("select condition || ' ' || address from martlet_data.follow_ups") == [
                    "not_opened +447700900001"
                ])
        }
    }

    @Test("enqueue_many takes a follow-up beside each message; a wrong one names its element, and nothing is in")
    func many() async throws {
        try await Shop.with { shop in
            func messages(_ channel: String) -> String {
                """
                select count(*)::text from martlet.enqueue_many('[
                    {"class": "marketing", "channel": "email", "recipient": "a@example.com", "template": "note", "variables": {"text": "x"}},
                    {"class": "marketing", "channel": "email", "recipient": "b@example.com", "template": "note", "variables": {"text": "x"},
                        "follow_up": {"condition": "not_opened", "after": "2 hours", "channel": "\(channel)", "recipient": "+447700900001"}},
                    {"class": "marketing", "channel": "email", "recipient": "c@example.com", "template": "note", "variables": {"text": "x"}, "follow_up": null}]')
                """
            }
            do {
                _ = try await shop.texts(messages("fax"))
                Issue.record("it was taken")
            } catch PQError.server(let error) {
                #expect(error.message == "element 2: field follow_up: field channel: unknown channel 'fax'")
            }
            #expect(try await shop.number("select count(*) from martlet_data.messages") == 0)
            #expect(try await shop.texts(messages("sms")) == ["3"])
            let kept = try await shop.texts(
                "select m.address || ' ' || f.condition || ' ' || f.after || ' ' || f.address from martlet_data.follow_ups f join martlet_data.messages m on m.id = f.message_id"
            )
            #expect(kept == ["b@example.com not_opened 02:00:00 +447700900001"])
        }
    }
}
