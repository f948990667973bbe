import CarrierSupport
import Glibc
import PipelineSupport
import Postgres
import TestSupport
import Testing

extension Faults {
    @Suite("A carrier's receipts, with the real worker")
    struct CarrierTests {
        /// Longer than one SMS.
        static let long = String(repeating: "A long text has several parts. ", count: 10)

        private func policy(_ carrier: ReceiptingCarrier, _ options: [String: String] = [:]) -> ShopPolicy {
            ShopPolicy {
                $0.carrierPort = carrier.port
                $0.carrierOptions = options
            }
        }

        /// Short and long ones to phones whose last digit is 0 … 9; a tenth of each is not delivered.
        private func enqueue(_ shop: Shop, short: Int, long: Int) async throws {
            try await shop.enqueueMany("transactional", count: short)
            for index in 0..<long {
                try await shop.enqueue(
                    "transactional", to: "+4911000000\(10 + index)", variables: #"{"text":"\#(Self.long)"}"#)
            }
        }

        private func states(_ shop: Shop, become wanted: [String: Int], _ worker: ChildProcess) async throws {
            do {
                try await eventually(within: .seconds(60), poll: .milliseconds(50), "states \(wanted)") {
                    try await shop.states() == wanted
                }
            } catch {
                throw ChildFailure(
                    what:
                        "\(error): \(try await shop.states()), events \(try await shop.texts("select reason || ' ' || events from martlet.unmatched_events"))\n\(worker.output.suffix(3000))"
                )
            }
        }

        /// Nothing is written twice, and what was taken is all that there is.
        private func checkOnce(_ shop: Shop) async throws {
            #expect(
                try await shop.number(
                    "select count(*) - count(distinct (message_id, attempt, kind, part)) from martlet_data.receipts where part is not null"
                )
                    == 0)
            // A repetition that came before the acceptance is tried again after a second.
            try await eventually(within: .seconds(30), poll: .milliseconds(100), "no event is left over") {
                try await shop.texts("select reason from martlet_data.provider_events") == []
            }
        }

        @Test(
            "receipts before the submit response, on binds of this worker and of another, thrice, in decimal for ids in hexadecimal",
            .timeLimit(.minutes(3)))
        func early() async throws {
            let carrier = try await ReceiptingCarrier.start(early: true)
            try await Shop.with(policy(carrier, ["binds": "2"])) { shop in
                let worker = try WorkerProgram.start(in: shop)
                let other = try WorkerProgram.start(in: shop, name: "other")
                try await eventually(within: .seconds(30), "all binds stand") { carrier.binds == 4 }
                try await enqueue(shop, short: 100, long: 20)
                try await states(shop, become: ["delivered": 108, "undelivered": 12], worker)
                try await eventually(within: .seconds(20), "every receipt is taken") { carrier.untaken == 0 }
                try await checkOnce(shop)
                #expect(carrier.taken.count == carrier.accepted.count * 3 && carrier.accepted.count == 160)
                #expect(try await shop.number("select count(*) from martlet_data.carrier_ids") == 160)
                #expect(try await worker.terminate() == 0, "\(worker.output)")
                #expect(try await other.terminate() == 0, "\(other.output)")
            }
            try await carrier.stop()
        }

        @Test("with receipt_parts last a message is delivered by one receipt", .timeLimit(.minutes(3)))
        func lastPart() async throws {
            let carrier = try await ReceiptingCarrier.start(early: true)
            try await Shop.with(policy(carrier, ["receipt_parts": "last"])) { shop in
                let worker = try WorkerProgram.start(in: shop)
                try await enqueue(shop, short: 5, long: 5)
                try await states(shop, become: ["delivered": 10], worker)
                #expect(try await shop.number("select count(*) from martlet_data.receipts where kind like 'part_%'") == 0)
                #expect(try await worker.terminate() == 0, "\(worker.output)")
            }
            try await carrier.stop()
        }

        @Test(
            "while PostgreSQL is away deliver_sm is answered with ESME_RX_T_APPN; when it is back the same receipts are taken",
            .timeLimit(.minutes(4)))
        func databaseAway() async throws {
            let server = try await PrivateServer.start()
            let carrier = try await ReceiptingCarrier.start()
            do {
                try await Shop.with(policy(carrier), on: server) { shop in
                    let worker = try WorkerProgram.start(in: shop)
                    try await enqueue(shop, short: 50, long: 0)
                    try await states(shop, become: ["accepted": 50], worker)
                    try await server.halt()
                    carrier.sendReceipts()
                    try await eventually(within: .seconds(40), "all are refused for the time being") { carrier.refused == 50 }
                    #expect(carrier.taken.isEmpty)
                    try await server.resume()
                    let reopened = try await shop.reconnected()
                    try await eventually(within: .seconds(60), poll: .milliseconds(500), "all are taken") {
                        carrier.sendAgain()
                        return carrier.untaken == 0
                    }
                    try await states(reopened, become: ["delivered": 45, "undelivered": 5], worker)
                    try await checkOnce(reopened)
                    await reopened.connection.close()
                    #expect(try await worker.terminate() == 0, "\(worker.output)")
                }
            } catch {
                try await carrier.stop()
                try await server.stop()
                throw error
            }
            try await carrier.stop()
            try await server.stop()
        }

        @Test(
            "a worker that is killed between its commit and deliver_sm_resp gets the receipts once more, and nothing changes",
            .timeLimit(.minutes(4)))
        func killed() async throws {
            let carrier = try await ReceiptingCarrier.start()
            try await Shop.with(policy(carrier)) { shop in
                let first = try WorkerProgram.start(in: shop, name: "first", failpoint: "after_events:kill")
                try await enqueue(shop, short: 20, long: 10)
                try await states(shop, become: ["accepted": 30], first)
                carrier.sendReceipts()
                #expect(try await first.wait(within: .seconds(60)) == 128 + SIGKILL, "\(first.output)")
                #expect(carrier.taken.isEmpty && carrier.untaken > 0)
                let before = try await shop.number("select count(*) from martlet_data.receipts where part is not null")
                #expect(before > 0, "it had committed")
                let second = try WorkerProgram.start(in: shop, name: "second")
                try await eventually(within: .seconds(60), poll: .milliseconds(500), "all are taken") {
                    if carrier.binds > 0 { carrier.sendAgain() }
                    return carrier.untaken == 0
                }
                try await states(shop, become: ["delivered": 27, "undelivered": 3], second)
                try await checkOnce(shop)
                #expect(try await second.terminate() == 0, "\(second.output)")
            }
            try await carrier.stop()
        }
    }
}
