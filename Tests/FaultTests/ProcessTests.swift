import Foundation
import PipelineSupport
import TestSupport
import Testing

extension Faults {
    @Suite("The process of a worker")
    struct ProcessTests {
        @Test("a schema that is too old or too new is refused with 78, and what was found is said", .timeLimit(.minutes(3)))
        func schema() async throws {
            let empty = try await ScratchDatabase.create()
            let url = ["MARTLET_DATABASE_URL": empty.conninfo]
            let old = try ChildProcess([WorkerProgram.path, "--health", "off"], environment: url)
            #expect(try await old.wait() == 78, "\(old.output)")
            #expect(old.output.contains("martlet migrate up"), "\(old.output)")
            try await empty.drop()
            try await Shop.with { shop in
                try await shop.script(
                    "insert into martlet_meta.migrations (version, name, checksum) values (9999, '9999_from_the_future', 'x')")
                let new = try WorkerProgram.start(in: shop)
                #expect(try await new.wait() == 78, "\(new.output)")
                #expect(new.output.contains("9999"), "\(new.output)")
            }
        }

        @Test(
            "every setting of its own can be set by key; a failpoint that is not understood is refused", .timeLimit(.minutes(3)))
        func settings() async throws {
            try await Shop.with { shop in
                let wrong = try WorkerProgram.start(in: shop, failpoint: "after_lunch:kill")
                #expect(try await wrong.wait() == 78, "\(wrong.output)")
                let worker = try WorkerProgram.start(
                    in: shop, settings: ["log.level=warning", "database.call_timeout=9s", "worker.connections=2"],
                    arguments: ["--until-idle"])
                #expect(try await worker.wait() == 0, "\(worker.output)")
                #expect(!worker.output.contains("drained"), "log.level=warning was not heard: \(worker.output)")
            }
        }

        @Test(
            "/readyz says ready, /metrics agrees with the tables and with the provider's log, and no log line holds a secret",
            .timeLimit(.minutes(3)))
        func health() async throws {
            try await Shop.with { shop in
                let secret = "pa55-\(UInt32.random(in: 0...UInt32.max))"
                let code = "code-\(UInt32.random(in: 0...UInt32.max))"
                try await shop.enqueueMany("marketing", count: 300)
                try await shop.enqueue("otp", to: "+447700900000", variables: #"{"text":"\#(code)"}"#)
                try await shop.enqueue(
                    "otp", to: "+447700900001", variables: #"{"unknown":"\#(code)"}"#, arguments: "check_template => false")
                let port = try freePort()
                let server = try await TestDatabase.shared.server()
                let url = "postgres://\(server.user):\(secret)@127.0.0.1:\(server.port)/\(shop.scratch.name)"
                let worker = try WorkerProgram.start(
                    in: shop, settings: ["log.level=trace", "worker.health=127.0.0.1:\(port)"], url: url)
                try await shop.settle(within: .seconds(30))
                #expect(try await runProcess(["curl", "-sf", "http://127.0.0.1:\(port)/readyz"]) != "")
                var metrics = ""
                try await eventually(within: .seconds(10), "the counters have caught up") {
                    metrics = try await runProcess(["curl", "-sf", "http://127.0.0.1:\(port)/metrics"])
                    return Self.sum("martlet_recorded_total", #"as="accepted""#, in: metrics) == 301
                }
                #expect(try shop.outbox().count == 301)
                #expect(Self.sum("martlet_admitted_total", "", in: metrics) == 301, "\(metrics)")
                // Every claim was admitted, or deferred (and claimed again), or refused by Render: the otp without its variable.
                #expect(
                    Self.sum("martlet_claimed_total", "", in: metrics) + Self.sum("martlet_swept_total", "", in: metrics)
                        == 301 + Self.sum("martlet_not_admitted_total", "", in: metrics) + 1)
                #expect(try await shop.number("select count(*) from martlet_data.attempts") == 301)
                #expect(try await shop.number("select count(*) from martlet_data.receipts where kind = 'accepted'") == 301)
                #expect(try shop.outbox().contains { $0.text == code })
                // An otp's body is gone once it is final, however it ended.
                let bodies = "select count(*) from martlet_data.messages where variables::text like '%\(code)%'"
                try await eventually("the bodies are erased") { try await shop.number(bodies) == 0 }
                #expect(
                    try await shop.number("select count(*) from martlet_data.dead_letters where message::text like '%\(code)%'")
                        == 0)
                #expect(try await worker.terminate() == 0)
                for text in [secret, code] {
                    #expect(
                        !worker.output.contains(text),
                        "in the log: \(worker.output.split(separator: "\n").filter { $0.contains(text) })")
                    #expect(!metrics.contains(text))
                }
            }
        }

        @Test("a dead letter that is requeued is sent again, as a new series with a new time to live", .timeLimit(.minutes(3)))
        func requeue() async throws {
            try await Shop.with(ShopPolicy { $0.rules = "* reject" }) { shop in
                try await shop.enqueueMany("marketing", count: 5)
                let worker = try WorkerProgram.start(in: shop)
                try await shop.settle(within: .seconds(30))
                #expect(try await shop.states() == ["dead:rejected_recipient": 5])
                try shop.rules("* accept")
                try await ContinuousClock().sleep(for: .milliseconds(100))
                try await shop.script(
                    "select martlet.requeue(message_id, 'corrected', '{\"text\": \"again\"}') from martlet_data.dead_letters")
                try await shop.settle(within: .seconds(30))
                #expect(try await shop.states() == ["accepted": 5])
                #expect(try shop.outbox().filter { $0.answer == "accepted" && $0.text == "again" && $0.attempt == 2 }.count == 5)
                #expect(try await worker.terminate() == 0)
            }
        }

        /// The sum of a counter's lines that hold `label`.
        private static func sum(_ name: String, _ label: String, in metrics: String) -> Int {
            metrics.split(separator: "\n").filter { $0.hasPrefix(name) && (label.isEmpty || $0.contains(label)) }
                .compactMap { $0.split(separator: " ").last.flatMap { Double($0) } }.reduce(0) { $0 + Int($1) }
        }
    }
}
