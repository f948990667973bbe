import CarrierSupport
import Glibc
import PipelineSupport
import TestSupport
import Testing

extension Faults {
    @Suite("Binds that the whole cluster shares")
    struct ConnectionTests {
        @Test(
            "workers come, die and go: the account never has more binds than its contract, and those that are free are used",
            .timeLimit(.minutes(3)))
        func binds() async throws {
            let carrier = try await ScriptedSMSC { frame, line in
                if frame.isSubmit { line.send(frame.accepted("1")) }
            }
            let policy = ShopPolicy {
                $0.carrierPort = carrier.port
                $0.carrierLimit = 4
                $0.carrierOptions = ["binds": "4"]
            }
            try await Shop.with(policy) { shop in
                func share(_ expected: [Int]) async throws {
                    try await eventually(within: .seconds(40), "binds are shared as \(expected)") {
                        let given = try await shop.texts(
                            "select connections::text from martlet.connections order by connections desc, 1")
                        return given.compactMap { Int($0) } == expected && carrier.lines.count == expected.reduce(0, +)
                    }
                }
                let first = try WorkerProgram.start(in: shop, name: "first")
                try await share([4])
                let second = try WorkerProgram.start(in: shop, name: "second")
                try await share([2, 2])
                let third = try WorkerProgram.start(in: shop, name: "third")
                try await share([2, 1, 1])
                try await shop.enqueueMany("notification", count: 500)
                try await shop.settle(within: .seconds(60))
                second.kill(SIGKILL)
                try await share([2, 2])
                #expect(try await third.terminate() == 0, "\(third.output)")
                try await share([4])
                #expect(try await first.terminate() == 0, "\(first.output)")
                #expect(try await shop.states() == ["accepted": 500])
                #expect(carrier.frames.count { $0.isSubmit } == 500)
            }
            #expect(carrier.mostLines == 4, "by the carrier's own count")
            try await carrier.stop()
        }
    }
}
