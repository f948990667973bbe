import Callbacks
import Domain
import Foundation
import Glibc
import PipelineSupport
import Postgres
import TestSupport
import Testing
import Transports

extension Gateways {
    @Suite("PostgreSQL is away, or slow", .timeLimit(.minutes(5)))
    struct OutageTests {
        @Test("while PostgreSQL is stopped callbacks get 503 with Retry-After; when it is back, what comes again is kept")
        func stopped() async throws {
            let server = try await PrivateServer.start()
            do { try await stopped(on: server) } catch {
                try await server.stop()
                throw error
            }
            try await server.stop()
        }

        private func stopped(on server: PrivateServer) async throws {
            try await GatewayShop.with(["vonage-sms.yaml"], on: server) { bench in
                let gateway = try await GatewayProgram.start(in: bench.shop)
                var messages: [Int64] = []
                for n in 1...5 { messages.append(try await bench.accepted(by: "vonage", to: "+44770090000\(n)")) }
                let key = "/callbacks/vonage?key=\(GatewayShop.secret)&status=delivered&client-ref="
                #expect(try await gateway.request(key + "\(messages[0]).1").status == 200)
                try await server.halt()
                for message in messages {
                    let answer = try await gateway.request(key + "\(message).1")
                    #expect(answer.status == 503 && answer.headers["retry-after"] != nil, "\(answer)")
                }
                // Made-up links are known without a question: most are of the future.
                let secret = try TokenSecret(path: "\(bench.directory)/unsubscribe")
                let future = MessageID(messages[0] + 86_400_000 << 22)
                for (message, status) in [(future, 404), (MessageID(messages[0]), 503)] {
                    let leave = "/u/" + UnsubscribeToken(message, address: "ann@example.com", secret: secret).text
                    #expect(try await gateway.request(leave).status == status)
                    let confirm = "/y/" + ConfirmToken(message, address: "ann@example.com", secret: secret).text
                    #expect(try await gateway.request(confirm).status == status)
                }
                try await eventually(within: .seconds(20), poll: .milliseconds(100), "/health says so") {
                    try await gateway.request("/health").status == 503
                }
                #expect(gateway.process.exitCode == nil)
                try await server.resume()
                let shop = try await bench.shop.reconnected()
                for message in messages.dropFirst() {
                    try await eventually(within: .seconds(20), poll: .milliseconds(100), "it is taken when it comes again") {
                        try await gateway.request(key + "\(message).1").status == 200
                    }
                }
                #expect(try await shop.number("select count(*) from martlet.message_status where state = 'delivered'") == 5)
                try await eventually(within: .seconds(10), poll: .milliseconds(100), "/health is well again") {
                    try await gateway.request("/health").status == 200
                }
                try await gateway.stop()
                await shop.connection.close()
            }
        }

        @Test("a full queue is 503 at once, and what waits is kept; many callbacks share a transaction")
        func full() async throws {
            try await GatewayShop.with(["vonage-sms.yaml"]) { bench in
                let gateway = try await GatewayProgram.start(
                    in: bench.shop, settings: ["gateway.queue=5", "gateway.connections=1"])
                let message = try await bench.accepted(by: "vonage", to: "+447700900001")
                // Every writer of receipts waits for this.
                let blocker = try await bench.shop.scratch.connect()
                try await blocker.execute(script: "begin; lock table martlet_data.receipts in exclusive mode")
                let key = "/callbacks/vonage?key=\(GatewayShop.secret)&status=delivered&client-ref=\(message).1"
                let codes = try await withThrowingTaskGroup(of: Int.self) { group in
                    group.addTask { try await gateway.request(key).status }
                    try await eventually("the first one is in its transaction") {
                        try await bench.shop.number(
                            "select count(*) from pg_locks where not granted and relation = 'martlet_data.receipts'::regclass and database = (select oid from pg_database where datname = current_database())"
                        ) > 0
                    }
                    for _ in 0..<11 { group.addTask { try await gateway.request(key).status } }
                    var codes: [Int] = []
                    for _ in 0..<7 { codes.append(try await group.next() ?? 0) }
                    // The rest waits; it does not answer before it may write.
                    try await blocker.execute(script: "commit")
                    for try await code in group { codes.append(code) }
                    return codes
                }
                #expect(codes.prefix(7).allSatisfy { $0 == 503 } && codes.dropFirst(7).allSatisfy { $0 == 200 }, "\(codes)")
                #expect(try await bench.state(message) == "delivered")
                #expect(
                    try await gateway.metrics().contains("martlet_callback_batches_total 2"),
                    "the first, and the four that waited for it")
                await blocker.close()
                try await gateway.stop()
            }
        }

        @Test("SIGTERM while a callback is being written: it is written and answered, and the gateway ends with 0")
        func drain() async throws {
            try await GatewayShop.with(["vonage-sms.yaml"]) { bench in
                let gateway = try await GatewayProgram.start(in: bench.shop)
                let message = try await bench.accepted(by: "vonage", to: "+447700900001")
                let blocker = try await bench.shop.scratch.connect()
                try await blocker.execute(script: "begin; lock table martlet_data.receipts in exclusive mode")
                let key = "/callbacks/vonage?key=\(GatewayShop.secret)&status=delivered&client-ref=\(message).1"
                async let answer = gateway.request(key)
                try await eventually(within: .seconds(10), "it waits for the lock") {
                    try await bench.shop.number("select count(*) from pg_locks where not granted and relation is not null") > 0
                }
                gateway.process.kill(SIGTERM)
                try await eventually(within: .seconds(10), "it has heard") { try await gateway.refusesConnections() }
                try await blocker.execute(script: "commit")
                #expect(try await answer.status == 200)
                #expect(try await gateway.process.wait() == 0, "\(gateway.process.output)")
                #expect(try await bench.state(message) == "delivered")
                await blocker.close()
            }
        }
    }
}

extension GatewayProgram {
    func refusesConnections() async throws -> Bool {
        let curl = try ChildProcess(["curl", "-s", "-o", "/dev/null", "--max-time", "2", "http://127.0.0.1:\(port)/health"])
        return try await curl.wait() != 0
    }
}
