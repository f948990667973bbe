import Foundation
import PipelineSupport
import Postgres
import TestSupport
import Testing

extension Faults {
    @Suite("A provider fails, a message is poison, a commit comes late")
    struct ProviderFaultTests {
        @Test(
            "down and throttling burn no attempt; afterwards all are accepted, each once", .timeLimit(.minutes(4)),
            arguments: ["down", "throttle 1s"])
        func unwilling(rule: String) async throws {
            try await Shop.with(
                ShopPolicy {
                    $0.rules = "* \(rule)"
                    $0.attempts = 1
                }
            ) { shop in
                try await shop.enqueueMany("marketing", count: 50)
                let worker = try WorkerProgram.start(in: shop)
                try await eventually(within: .seconds(30), "the provider is asked and unwilling") {
                    // An unreachable provider is soon left alone.
                    try await shop.number("select count(*) from martlet_data.receipts where kind = 'deferred'")
                        > (rule == "down" ? 2 : 20)
                }
                #expect(try await shop.number("select count(*) from martlet_data.due where burned > 0") == 0)
                try shop.rules("* accept")
                try await shop.settle(within: .seconds(90))
                #expect(try await shop.states() == ["accepted": 50])
                let arrived = try shop.outbox().filter(\.mayHaveArrived)
                #expect(arrived.count == 50)
                #expect(try await worker.terminate() == 0)
            }
        }

        @Test(
            "an answer that never comes is doubt: each class does what it says, and a hold keeps its place in the cap",
            .timeLimit(.minutes(3)))
        func lost() async throws {
            try await Shop.with(
                ShopPolicy {
                    $0.rules = "* lose"
                    $0.timeout = "500ms"
                    $0.caps = "{month: {classes: [marketing], window: 30d, limit: 1, over: drop}}"
                }
            ) { shop in
                for name in ShopPolicy.classes { try await shop.enqueueMany(name, count: 2, step: 0) }
                let worker = try WorkerProgram.start(in: shop)
                try await shop.settle(within: .seconds(40))
                let counts = Dictionary(grouping: try shop.outbox(), by: \.messageID).mapValues(\.count)
                #expect(counts.values.sorted() == [1, 2, 2, 2, 2, 2, 2])
                #expect(try await shop.states() == ["dead:in_doubt": 7, "capped": 1])
                #expect(try await worker.terminate() == 0)
            }
        }

        @Test(
            "what kills its worker is a dead letter after three deaths; those that were claimed with it are accepted",
            .timeLimit(.minutes(3)))
        func poison() async throws {
            try await Shop.with { shop in
                try await shop.enqueueMany("notification", count: 20)
                let poison = try await shop.enqueue("notification", to: "+4900666000")
                try await shop.enqueueMany("notification", count: 20, to: 491_000_000_000)
                for death in 1...3 {
                    let worker = try WorkerProgram.start(in: shop, name: "w\(death)", failpoint: "after_claim:kill@+4900666")
                    #expect(try await worker.wait(within: .seconds(40)) == 137, "\(worker.output)")
                }
                let last = try WorkerProgram.start(in: shop, name: "last", failpoint: "after_claim:kill@+4900666")
                try await shop.settle(within: .seconds(40))
                #expect(try await shop.states() == ["accepted": 40, "dead:poison": 1])
                #expect(try await shop.statuses()[poison] == "dead")
                #expect(try shop.outbox().count == 40)
                #expect(try await last.terminate() == 0)
            }
        }

        /// One after another they would take five minutes, as long as they live.
        @Test(
            "1,000 codes that a killed worker had claimed are sent side by side, by a provider that takes 300 ms for each",
            .timeLimit(.minutes(4)))
        func quarantine() async throws {
            try await Shop.with(
                ShopPolicy {
                    $0.rules = "* accept latency 300ms"
                    $0.window = 1000
                }
            ) { shop in
                try await shop.enqueueMany("otp", count: 1000)
                let settings = ["worker.claim_batch=1000", "worker.max_in_flight=4000"]
                // Each takes a fifth: a batch of lane 0 is not larger.
                let doomed = try (1...5).map {
                    try WorkerProgram.start(in: shop, name: "doomed\($0)", failpoint: "after_claim:kill", settings: settings)
                }
                for one in doomed { #expect(try await one.wait(within: .seconds(60)) == 137, "\(one.output)") }
                let killed = ContinuousClock.now
                let claimed = try await shop.number("select count(*) from martlet_data.leased")
                let second = try WorkerProgram.start(in: shop, name: "second", settings: settings)
                try await shop.settle(within: .seconds(90))
                print(
                    "\(claimed) of 1000 codes were claimed by a worker that was killed; all accepted \(ContinuousClock.now - killed) after its death"
                )
                #expect(try await shop.states() == ["accepted": 1000])
                #expect(try await shop.number("select count(*) from martlet_data.attempts") == 1000)
                #expect(try await second.terminate() == 0)
            }
        }

        @Test(
            "an otp whose transaction stayed open 3 s, while others passed, leaves at once after its commit",
            .timeLimit(.minutes(3)))
        func lateCommit() async throws {
            try await Shop.with { shop in
                let worker = try WorkerProgram.start(in: shop, settings: ["worker.wake_poll=2ms"])
                try await shop.enqueue("otp", to: "+447700900000")
                try await eventually(within: .seconds(30), "it works") { try shop.outbox().count == 1 }
                let clock = ContinuousClock()
                var pickUps: [Double] = []
                for round in 1...3 {
                    let late = try await shop.scratch.connect()
                    try await late.execute(script: "begin", name: "begin")
                    try await shop.enqueue("otp", to: "+44770090000\(round)", on: late)
                    let end = clock.now + .seconds(3)
                    while clock.now < end {
                        try await shop.enqueue("otp", to: "+447700901\(Int.random(in: 100...999))")
                        try await clock.sleep(for: .milliseconds(20))
                    }
                    #expect(try !shop.outbox().contains { $0.to == "+44770090000\(round)" })
                    try await late.execute(script: "commit", name: "commit")
                    let committed = Date().timeIntervalSince1970
                    var line: HandOver?
                    try await eventually(within: .seconds(20), poll: .milliseconds(2), "the late one leaves") {
                        line = try shop.outbox().first { $0.to == "+44770090000\(round)" }
                        return line != nil
                    }
                    pickUps.append((try #require(line).at - committed) * 1000)
                    await late.close()
                }
                print("picked up after a late commit: \(pickUps.map { Int($0) }) ms")
                #expect(pickUps.max() ?? 0 < 500)
                #expect(try await worker.terminate() == 0)
            }
        }

        @Test(
            "when the worker that waits for all is killed or stands still, another one waits, and what comes meanwhile is sent",
            .timeLimit(.minutes(3)), arguments: [SIGKILL, SIGSTOP])
        func waiterLost(signal: Int32) async throws {
            try await Shop.with { shop in
                let waiting = """
                    select l.pid::text from pg_locks l join pg_database d on d.oid = l.database and d.datname = current_database()
                    where l.locktype = 'advisory' and l.classid = 7340009 and l.granted
                    """
                let first = try WorkerProgram.start(in: shop, name: "first")
                var backend = ""
                try await eventually(within: .seconds(30), "it waits for all") {
                    backend = try await shop.texts(waiting).first ?? ""
                    return !backend.isEmpty
                }
                let second = try WorkerProgram.start(in: shop, name: "second")
                try await eventually(within: .seconds(30), "the second one lives") {
                    try await shop.number("select count(*) from martlet_data.sessions where ended_at is null") == 2
                }
                first.kill(signal)
                try await shop.enqueue("otp", to: "+447700900001")
                try await eventually(within: .seconds(30), "the second one sends it") { try shop.outbox().count == 1 }
                // One that stands still keeps the lock of its session; the others look by themselves.
                if signal == SIGSTOP { first.kill(SIGKILL) }
                try await eventually(within: .seconds(30), "another connection waits") {
                    try await shop.texts(waiting).contains { $0 != backend }
                }
                #expect(try await second.terminate() == 0)
            }
        }

        @Test(
            "three workers, one recipient, short rolling caps: no window of the provider's log holds more",
            .timeLimit(.minutes(4)))
        func windows() async throws {
            try await Shop.with(
                ShopPolicy {
                    $0.sendWithin = "500ms"
                    $0.rules = "* accept 70% else defer latency 0ms..300ms"
                    $0.attempts = 50
                    $0.caps =
                        "{short: {classes: [marketing, notification], window: 2s, limit: 3}, long: {classes: [marketing], window: 7s, limit: 5}}"
                }
            ) { shop in
                for person in 0..<4 {
                    try await shop.enqueueMany("marketing", count: 10, to: 490_000_000_000 + person, step: 0)
                    try await shop.enqueueMany("notification", count: 10, to: 490_000_000_000 + person, step: 0)
                }
                var workers: [ChildProcess] = []
                for index in 0..<3 {
                    workers.append(try WorkerProgram.start(in: shop, name: "w\(index)", settings: ["worker.claim_batch=5"]))
                }
                try await shop.settle(within: .seconds(100))
                #expect(try await shop.states() == ["accepted": 80])
                let classes = try await shop.texts(
                    "select message_id::text from martlet.message_status where class = 'marketing'")
                let marketing = Set(classes.compactMap { Int64($0) })
                for (person, lines) in Dictionary(grouping: try shop.outbox().filter(\.mayHaveArrived), by: \.to) {
                    #expect(most(lines, in: 2) <= 3, "\(person)")
                    #expect(most(lines.filter { marketing.contains($0.messageID) }, in: 7) <= 5, "\(person)")
                }
                for worker in workers { #expect(try await worker.terminate() == 0) }
            }
        }

        /// The most lines in any window; the log's times are cut to milliseconds.
        private func most(_ lines: [HandOver], in seconds: Double) -> Int {
            let times = lines.map(\.at).sorted()
            return times.indices.map { first in times[first...].prefix { $0 - times[first] < seconds - 0.001 }.count }.max() ?? 0
        }
    }
}
