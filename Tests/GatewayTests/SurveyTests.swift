import Domain
import Foundation
import Glibc
import PipelineSupport
import Postgres
import TestSupport
import Testing
import Transports

extension Gateways {
    @Suite("Answers to surveys, and double opt-in end to end", .timeLimit(.minutes(5)))
    struct SurveyTests {
        private static func bench(
            _ receiver: WebhookReceiver? = nil, isolation: isolated (any Actor)? = #isolation,
            _ body: (GatewayShop, GatewayProgram) async throws -> Void
        ) async throws {
            let words = ["yes": ["YES", "Y", "是"], "no": ["NO", "N", "否"]]
            let change: GatewayShop.Change = { policy, directory in
                try GatewayShop.oneSecret(directory)
                let ask = { (key: String, survey: Survey) in
                    Template(key: key, locale: "default", channel: .sms, body: "\(key)?", survey: survey)
                }
                policy.moreTemplates = [
                    ask("satisfied", Survey(answers: words)),
                    ask("stars", Survey(answers: ["1": ["1"], "2": ["2"], "3": ["3"]])),
                    ask("brief", Survey(answers: words, within: .seconds(1))),
                    ask("opt-in", Survey(answers: words, confirms: "asked")),
                    Template(
                        key: "opt-in", locale: "default", channel: .email, subject: "Please confirm",
                        body: "{{{confirm_url}}}",
                        survey: Survey(answers: [:], confirms: "asked")),
                ]
                policy.smsFrom = "+447700900999"
                policy.confirm = "https://links.swallow.example/y/{token}"
                policy.confirmSecret = "\(directory)/confirm"
                try "the-secret-of-confirmations".write(toFile: "\(directory)/confirm", atomically: true, encoding: .utf8)
                if let receiver {
                    try WebhookReceiver.secret.write(toFile: "\(directory)/webhook", atomically: true, encoding: .utf8)
                    policy.webhooks = receiver.endpoint(
                        "shop", secret: "\(directory)/webhook", events: "survey.answered, consent.changed")
                }
            }
            try await GatewayShop.with(["vonage-sms.yaml"], change: change) { bench in
                let gateway = try await GatewayProgram.start(in: bench.shop)
                try await body(bench, gateway)
                try await gateway.stop()
            }
        }

        /// Works until nothing is left to do.
        private static func work(_ shop: Shop) async throws {
            let worker = try WorkerProgram.start(in: shop, arguments: ["--until-idle"])
            #expect(try await worker.wait(within: .seconds(60)) == 0, "\(worker.output)")
        }

        private static let events =
            "select coalesce(message_id::text, '-') || ' ' || coalesce(answer, '-') || ' ' || coalesce(keyword, '-') || ' ' || text from martlet.inbound_events order by id"

        @Test("NO to a survey is an answer and suppresses no address; STOP stops, survey or not; N without a survey stops")
        func answers() async throws {
            let receiver = try await WebhookReceiver.start()
            try await Self.bench(receiver) { bench, gateway in
                let shop = bench.shop
                let ann = "+447700900001"
                let first = try await shop.enqueue(
                    "notification", to: ann, template: "satisfied", arguments: "group_key => 'autumn'")
                let other = try await shop.enqueue("notification", to: "+447700900002", template: "satisfied")
                try await shop.enqueue("notification", to: "+447700900003")
                try await Self.work(shop)
                try await bench.text(" ｎ. ", from: ann, by: gateway)
                try await bench.text("no", from: "+447700900002", by: gateway)
                try await bench.text("Yes!", from: "+447700900002", by: gateway)
                try await bench.text("maybe", from: "+447700900002", by: gateway)
                #expect(try await shop.number("select count(*) from martlet_data.suppressions") == 0)
                try await bench.text("n", from: "+447700900003", by: gateway)
                try await bench.text("STOP", from: ann, by: gateway)
                #expect(
                    try await shop.texts(Self.events) == [
                        "\(first) no -  ｎ. ", "\(other) no - no", "\(other) yes - Yes!", "- - - maybe", "- - stop n",
                        "- - stop STOP",
                    ])
                #expect(
                    try await shop.texts("select address from martlet_data.suppressions order by 1") == [ann, "+447700900003"])
                #expect(
                    try await shop.texts("select message_id || ' ' || answer from martlet.survey_answers order by message_id")
                        == [
                            "\(first) no", "\(other) yes",
                        ])
                try await Self.work(shop)
                let lines = try receiver.lines("shop")
                #expect(
                    lines.map { "\($0.data["answers"] ?? "") \($0.data["answer"] ?? "")" }.sorted() == [
                        "\(first) no", "\(other) no", "\(other) yes",
                    ])
                #expect(lines.allSatisfy { $0.type == "survey.answered" && $0.verified == [0] })
                #expect(lines.first { $0.data["answers"] == "\(first)" }?.data["group_key"] == "autumn")
            }
        }

        @Test("of several questions the newest that knows the word is answered; what was never sent or is over is not")
        func several() async throws {
            try await Self.bench { bench, gateway in
                let shop = bench.shop
                let ann = "+447700900001"
                let satisfied = try await shop.enqueue("notification", to: ann, template: "satisfied")
                try await Self.work(shop)
                let stars = try await shop.enqueue("notification", to: ann, template: "stars")
                let brief = try await shop.enqueue("notification", to: "+447700900002", template: "brief")
                try await shop.enqueue(
                    "notification", to: "+447700900003", template: "satisfied",
                    arguments: "scheduled_at => now() + interval '1 h'")
                try await Self.work(shop)
                try await bench.text("3", from: ann, by: gateway)
                try await bench.text("y", from: ann, by: gateway)
                try await bench.text("no", from: "+447700900003", by: gateway)
                try await eventually(within: .seconds(10), "the survey is over") {
                    try await shop.number(
                        "select count(*) from martlet_data.surveys where message_id = \(brief) and until < now()") == 1
                }
                try await bench.text("no", from: "+447700900002", by: gateway)
                #expect(try await shop.texts(Self.events) == ["\(stars) 3 - 3", "\(satisfied) yes - y", "- - - no", "- - - no"])
            }
        }

        @Test("double opt-in by text: pending is refused, YES grants, the mailing goes; who withdrew meanwhile stays out")
        func optInByText() async throws {
            try await Self.bench { bench, gateway in
                let shop = bench.shop
                for person in ["ann", "ben", "cat"] {
                    try await shop.script("select martlet.record_consent('\(person)', 'sms', 'asked', 'pending', 'form', 'v1')")
                }
                let people = ["ann": "+447700900001", "ben": "+447700900002", "cat": "+447700900003", "dan": "+447700900004"]
                func send(_ name: String, _ template: String, to person: String) async throws -> Int64 {
                    try await shop.enqueue(
                        name, to: try #require(people[person]), template: template, arguments: "recipient_key => '\(person)'")
                }
                let early = try await send("asked", "note", to: "ann")
                for person in people.keys { _ = try await send("transactional", "opt-in", to: person) }
                try await Self.work(shop)
                #expect(try await bench.state(early) == "suppressed consent_pending")
                try await shop.script("select martlet.record_consent('ben', 'sms', 'asked', 'withdrawn', 'phone call')")
                for _ in 0..<2 { try await bench.text("YES", from: "+447700900001", by: gateway) }
                try await bench.text("yes", from: "+447700900002", by: gateway)
                try await bench.text("NO", from: "+447700900003", by: gateway)
                try await bench.text("Y", from: "+447700900004", by: gateway)
                #expect(
                    try await shop.texts(
                        "select recipient_key || ' ' || status || ' ' || method || ' ' || wording from martlet_data.consents where status = 'granted'"
                    ) == ["ann granted double_opt_in_text template opt-in/default.sms v1"])
                var late: [String: Int64] = [:]
                for person in people.keys { late[person] = try await send("asked", "note", to: person) }
                try await Self.work(shop)
                for (person, state) in [
                    ("ann", "accepted"), ("ben", "suppressed consent_withdrawn"), ("cat", "suppressed consent_pending"),
                    ("dan", "suppressed no_consent"),
                ] {
                    #expect(try await bench.state(try #require(late[person])) == state, "\(person)")
                }
                #expect(
                    try await gateway.metrics().contains(#"martlet_confirmations_total{by="text",result="granted"} 1"#))
            }
        }

        @Test("double opt-in by a link: GET changes nothing, POST grants however often, a forged or foreign token is 404")
        func optInByLink() async throws {
            try await Self.bench { bench, gateway in
                let shop = bench.shop
                try await shop.script("select martlet.record_consent('ann', 'email', 'asked', 'pending', 'form', 'v1')")
                let message = try await shop.enqueue(
                    "transactional", to: "ann@example.com", template: "opt-in", variables: "{}",
                    arguments: "recipient_key => 'ann'",
                    channel: "email")
                try await Self.work(shop)
                #expect(try shop.outbox().map(\.messageID) == [message])
                let outbox = try String(contentsOfFile: shop.outboxPath, encoding: .utf8)
                let link = try #require(
                    outbox.firstMatch(of: /"https:\/\/links\.swallow\.example(\/y\/[a-z2-7]{32})"/), "\(outbox)")
                let path = String(link.1)
                for arguments in [[], ["-I"], ["-G", "-d", "Confirm=Yes"]] {
                    #expect(try await gateway.request(path, arguments).status == 200)
                }
                #expect(try await gateway.request(path).body.contains(#"<form method="post">"#))
                #expect(try await gateway.request(path, ["-d", "List-Unsubscribe=One-Click"]).status == 400)
                // Neither token can be taken for the other.
                #expect(
                    try await gateway.request(path.replacing("/y/", with: "/u/"), ["-d", "List-Unsubscribe=One-Click"]).status
                        == 404)
                let last = path.last == "a" ? "b" : "a"
                #expect(try await gateway.request(String(path.dropLast()) + last, ["-d", "Confirm=Yes"]).status == 404)
                #expect(try await shop.texts("select status from martlet_data.consents") == ["pending"])
                for _ in 0..<2 { #expect(try await gateway.request(path, ["-d", "Confirm=Yes"]).status == 200) }
                let consents =
                    "select status || ' ' || method || coalesce(' ' || wording, '') from martlet_data.consents order by id"
                #expect(
                    try await shop.texts(consents) == [
                        "pending form v1", "granted double_opt_in_link template opt-in/default.email v1",
                    ])
                try await shop.script("select martlet.record_consent('ann', 'email', 'asked', 'withdrawn', 'phone call')")
                #expect(try await gateway.request(path, ["-d", "Confirm=Yes"]).status == 410)
                #expect(try await shop.texts(consents).last == "withdrawn phone call")
            }
        }

        @Test("withdraw and confirm at once: the second sees the first, and a withdrawal is never undone")
        func race() async throws {
            try await Self.bench { bench, gateway in
                let shop = bench.shop
                let people = (0..<30).map { (key: "person \($0)", phone: "+4477009010\(10 + $0)") }
                for person in people {
                    try await shop.script("select martlet.record_consent('\(person.key)', 'sms', 'asked', 'pending', 'form')")
                    try await shop.enqueue(
                        "transactional", to: person.phone, template: "opt-in", arguments: "recipient_key => '\(person.key)'")
                }
                try await Self.work(shop)
                try await withThrowingTaskGroup(of: Void.self) { group in
                    for person in people {
                        group.addTask { try await bench.text("yes", from: person.phone, by: gateway) }
                    }
                    let other = try await shop.scratch.connect()
                    group.addTask {
                        for person in people.shuffled() {
                            try await other.execute(
                                script:
                                    "select martlet.record_consent('\(person.key)', 'sms', 'asked', 'withdrawn', 'phone call')",
                                name: "withdraw")
                        }
                        await other.close()
                    }
                    try await group.waitForAll()
                }
                let newest =
                    "select distinct on (recipient_key) status from martlet_data.consents order by recipient_key, id desc"
                #expect(try await Set(shop.texts(newest)) == ["withdrawn"])
                #expect(
                    try await shop.number("select count(*) from martlet_data.consents where status = 'withdrawn'") == people.count
                )
            }
        }
    }
}
