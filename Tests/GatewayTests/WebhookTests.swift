import Domain
import Foundation
import Glibc
import PipelineSupport
import TestSupport
import Testing

extension Gateways {
    @Suite("events go to services by signed webhooks", .timeLimit(.minutes(5)))
    struct WebhookTests {
        private typealias Receiver = WebhookReceiver

        private static func secretFile(_ lines: [String], _ directory: String, _ name: String = "webhook") throws -> String {
            try (lines.joined(separator: "\n") + "\n").write(toFile: "\(directory)/\(name)", atomically: true, encoding: .utf8)
            return "\(directory)/\(name)"
        }

        @Test(
            "replies, receipts, consents and suppressions, each once, verified by the library of Standard Webhooks; filters hold")
        func events() async throws {
            let receiver = try await Receiver.start()
            let all = Webhooks.events.joined(separator: ", ")
            let change: GatewayShop.Change = { policy, directory in
                try GatewayShop.oneSecret(directory)
                let secret = try Self.secretFile([Receiver.secret], directory)
                policy.webhooks =
                    receiver.endpoint("everything", secret: secret, events: all)
                    + receiver.endpoint(
                        "spring", secret: secret, events: "message.delivered, inbound.received",
                        more: "    group_prefixes: [spring-]")
                    + receiver.endpoint(
                        "marketing", secret: secret, events: "message.delivered, consent.changed",
                        more: "    classes: [marketing]")
            }
            try await GatewayShop.with(["vonage-sms.yaml"], change: change) { bench in
                let shop = bench.shop
                let gateway = try await GatewayProgram.start(in: shop)
                let message = try await bench.accepted(by: "vonage", to: "+447700900001")
                let grouped = try await bench.accepted(by: "vonage", to: "+447700900002")
                try await shop.script("update martlet_data.messages set group_key = 'spring-1' where id = \(grouped)")
                for _ in 0..<2 { #expect(try await bench.receipt(message, "delivered", by: gateway) == 200) }
                #expect(try await bench.receipt(grouped, "failed", by: gateway) == 200)
                #expect(try await bench.receipt(grouped, "delivered", by: gateway) == 200)
                try await bench.text("hello \"there\" 好 😀", from: "+447700900003", by: gateway)
                try await bench.text("Stop", from: "+447700900004", by: gateway)
                try await shop.script(
                    "select martlet.record_consent('ann', 'sms', 'marketing', 'granted', 'form', 'v1'); select martlet.record_consent('ann', 'sms', 'otp', 'granted', 'form')"
                )
                try await shop.script("select martlet.unsuppress('sms', '+447700900004', 'asked')")
                let worker = try WorkerProgram.start(in: shop, arguments: ["--until-idle"])
                #expect(try await worker.wait(within: .seconds(60)) == 0, "\(worker.output)")

                let lines = try receiver.lines("everything")
                #expect(
                    lines.map(\.type).sorted() == [
                        "consent.changed", "consent.changed", "inbound.received", "inbound.received", "message.delivered",
                        "message.delivered", "message.undelivered", "suppression.changed", "suppression.changed",
                    ])
                #expect(Set(lines.map(\.id)).count == 9)
                for line in try receiver.lines() {
                    #expect(line.verified == [0] && line.signatures == 1 && line.contentType == "application/json", "\(line)")
                    #expect(abs(line.age) < 60)
                }
                let delivered = try #require(lines.first { $0.data["message_id"] == "\(message)" })
                #expect(
                    delivered.data == [
                        "message_id": "\(message)", "class": "transactional", "channel": "sms", "template": "note",
                        "attempt": "1",
                        "provider": "vonage",
                    ])
                let text = try #require(lines.first { $0.data["from"] == "+447700900003" })
                #expect(text.data["text"] == "hello \"there\" 好 😀" && text.data["to"] == "447700900999")
                #expect(lines.contains { $0.data["from"] == "+447700900004" && $0.data["keyword"] == "stop" })
                #expect(
                    lines.filter { $0.type == "suppression.changed" }.map { $0.data["state"] }.compactMap(\.self).sorted() == [
                        "lifted", "suppressed",
                    ])
                #expect(try receiver.lines("spring").map { $0.data["message_id"] } == ["\(grouped)"])
                #expect(try receiver.lines("marketing").map { $0.data["purpose"] } == ["marketing"])
                #expect(try await bench.webhooks() == ["accepted": 11])
                #expect(try await shop.number("select count(*) from martlet_data.dead_letters") == 0)
                try await gateway.stop()
            }
        }

        @Test("an endpoint that fails is tried again, then a dead letter; requeued, it gets the event under the same webhook-id")
        func failing() async throws {
            let receiver = try await Receiver.start()
            let change: GatewayShop.Change = { policy, directory in
                try GatewayShop.oneSecret(directory)
                let secret = try Self.secretFile([Receiver.secret], directory)
                policy.moreClasses = GatewayShop.quickWebhooks
                policy.webhooks =
                    [
                        "failing": "500,503,404,200", "gone": "410", "silent": "0,200", "moved": "307,200",
                        "slower": "429,429,429,429,200",
                    ]
                    .sorted { $0.key < $1.key }
                    .map { receiver.endpoint($0.key, $0.value, secret: secret, events: "inbound.received") }.joined()
            }
            try await GatewayShop.with(["vonage-sms.yaml"], change: change) { bench in
                let shop = bench.shop
                let gateway = try await GatewayProgram.start(in: shop)
                try await bench.text("hello", from: "+447700900003", by: gateway)
                let worker = try WorkerProgram.start(in: shop)
                try await shop.settle(within: .seconds(60))
                #expect(
                    try await shop.texts("select address || ' ' || reason from martlet_data.dead_letters order by 1") == [
                        "failing attempts_exhausted", "gone rejected_recipient",
                    ])
                #expect(try receiver.lines("failing").map(\.status) == [500, 503, 404])
                #expect(try receiver.lines("gone").map(\.status) == [410])
                // No answer: taken or not, the receiver knows a repetition by its id.
                #expect(try receiver.lines("silent").map(\.status) == [0, 200])
                // What would be followed is written into url; nothing went where the answer pointed.
                #expect(try receiver.lines("moved").map(\.status) == [307, 200] && receiver.lines("s").isEmpty)
                // Being told to wait costs no try.
                #expect(try receiver.lines("slower").map(\.status) == [429, 429, 429, 429, 200])
                let ids = try await shop.texts("select message_id::text from martlet_data.dead_letters where address = 'failing'")
                let id = try #require(ids.first)
                let martlet = try ChildProcess(
                    [
                        "\(PythonTool.repository)/.build/debug/martlet", "dead-letters", "requeue", id, "--why",
                        "the endpoint works again",
                    ],
                    environment: ["MARTLET_DATABASE_URL": shop.scratch.conninfo])
                #expect(try await martlet.wait(within: .seconds(60)) == 0, "\(martlet.output)")
                try await shop.settle(within: .seconds(60))
                let lines = try receiver.lines("failing")
                #expect(lines.map(\.status) == [500, 503, 404, 200])
                #expect(Set(lines.map(\.id)) == [id] && Set(lines.map(\.body)).count == 1)
                #expect(try await bench.webhooks() == ["accepted": 4, "dead:rejected_recipient": 1])
                #expect(try await worker.terminate() == 0)
                try await gateway.stop()
            }
        }

        @Test("while one secret replaces the other both sign; a private address is refused after its name is resolved")
        func rotation() async throws {
            let receiver = try await Receiver.start()
            let change: GatewayShop.Change = { policy, directory in
                try GatewayShop.oneSecret(directory)
                let secret = try Self.secretFile([Receiver.older], directory)
                policy.webhooks =
                    receiver.endpoint("open", secret: secret, events: "inbound.received")
                    + receiver.endpoint("closed", secret: secret, events: "inbound.received", allowsPrivate: false)
            }
            try await GatewayShop.with(["vonage-sms.yaml"], change: change) { bench in
                let shop = bench.shop
                let gateway = try await GatewayProgram.start(in: shop)
                let worker = try WorkerProgram.start(in: shop)
                for (count, lines) in [[Receiver.older], [Receiver.secret, Receiver.older], [Receiver.secret]].enumerated() {
                    _ = try Self.secretFile(lines, bench.directory)
                    // Files are looked at once a second: what is sent until then is signed as before, and not counted.
                    try await eventually(within: .seconds(30), poll: .milliseconds(300), "the secrets \(count) sign") {
                        let before = try receiver.lines("open").count
                        try await bench.text("hello \(count)", from: "+447700900003", by: gateway)
                        try await eventually(within: .seconds(10), "it arrives") { try receiver.lines("open").count > before }
                        return try receiver.lines("open").last?.verified == [[1], [0, 1], [0]][count]
                    }
                    #expect(try receiver.lines("open").last?.signatures == lines.count)
                }
                #expect(try receiver.lines("closed").isEmpty)
                #expect(
                    try await shop.number(
                        "select count(*) from martlet_data.receipts where code = 'private_address' and provider = 'webhook-closed'"
                    ) > 0)
                #expect(try await worker.terminate() == 0)
                try await gateway.stop()
            }
        }

        @Test("kill -9 of gateway and worker: every receipt that was kept has exactly one event, and every event arrives")
        func killed() async throws {
            let receiver = try await Receiver.start()
            let change: GatewayShop.Change = { policy, directory in
                try GatewayShop.oneSecret(directory)
                let secret = try Self.secretFile([Receiver.secret], directory)
                policy.webhooks = receiver.endpoint("shop", secret: secret, events: "message.delivered, inbound.received")
            }
            try await GatewayShop.with(["vonage-sms.yaml"], change: change) { bench in
                let shop = bench.shop
                var messages: [Int64] = []
                for number in 0..<60 {
                    messages.append(try await bench.accepted(by: "vonage", to: "+4477009\(10_000 + number)"))
                }
                var waiting = messages
                for round in 0..<4 {
                    let gateway = try await GatewayProgram.start(in: shop)
                    let worker = try WorkerProgram.start(in: shop, name: "w\(round)")
                    // The last one is left alone; the others die in the middle of whatever they do.
                    let most = round == 3 ? .max : 12
                    let kept = try await withThrowingTaskGroup(of: (Int64, Bool).self) { group in
                        for message in waiting {
                            group.addTask {
                                do { return (message, try await bench.receipt(message, "delivered", by: gateway) == 200) } catch {
                                    return (message, false)  // the gateway is dead: the provider comes again
                                }
                            }
                        }
                        var kept: Set<Int64> = []
                        for try await (message, isKept) in group where isKept {
                            kept.insert(message)
                            if kept.count == most {
                                gateway.process.kill(SIGKILL)
                                worker.kill(SIGKILL)
                            }
                        }
                        return kept
                    }
                    waiting.removeAll { kept.contains($0) }
                    if round < 3 {
                        // Where fewer than that were waiting.
                        gateway.process.kill(SIGKILL)
                        worker.kill(SIGKILL)
                        _ = try await gateway.process.wait()
                        _ = try await worker.wait()
                        let events = "select count(*) from martlet_data.messages where template = 'webhook'"
                        let receipts = "select count(*) from martlet_data.receipts where kind = 'delivered'"
                        #expect(try await shop.number(events) == shop.number(receipts))
                    } else {
                        try await shop.settle(within: .seconds(90))
                        #expect(try await worker.terminate() == 0)
                        try await gateway.stop()
                    }
                }
                #expect(waiting.isEmpty)
                #expect(try await shop.number("select count(*) from martlet_data.receipts where kind = 'delivered'") == 60)
                #expect(try await bench.webhooks() == ["accepted": 60])
                let lines = try receiver.lines()
                #expect(Set(lines.map(\.id)).count == 60)
                #expect(Set(lines.compactMap { $0.data["message_id"] }) == Set(messages.map { "\($0)" }))
            }
        }
    }
}
