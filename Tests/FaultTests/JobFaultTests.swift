import Foundation
import Glibc
import PipelineSupport
import TestSupport
import Testing

extension Faults {
    @Suite("Jobs while workers die")
    struct JobFaultTests {
        private static let letters = 3000

        @Test(
            "workers are killed again and again in the middle of a job: another goes on, and each message is requeued once and sent",
            .timeLimit(.minutes(3)))
        func killed() async throws {
            try await Shop.with { shop in
                let ids = try await shop.deadLetters(Self.letters)
                try await shop.script(
                    "select martlet.create_job('requeue', 'the provider is back', array(select message_id from martlet_data.dead_letters), per_second => 200)"
                )
                for round in 0..<3 {
                    let worker = try WorkerProgram.start(in: shop, name: "w\(round)")
                    let before = try await done(shop)
                    try await eventually(within: .seconds(40), poll: .milliseconds(2), "worker \(round) works on the job") {
                        try await done(shop) > before
                    }
                    worker.kill(SIGKILL)
                    #expect(try await worker.wait() == 128 + SIGKILL)
                    #expect(try await shop.texts("select state from martlet.jobs") == ["running"], "it was killed in the middle")
                }
                let last = try WorkerProgram.start(in: shop, name: "last")
                try await eventually(within: .seconds(60), "the job ends") {
                    try await shop.texts("select state from martlet.jobs") == ["finished"]
                }
                #expect(try await done(shop) == Self.letters)
                #expect(try await shop.number("select count(*) from martlet.job_messages where result = 'done'") == Self.letters)
                #expect(
                    try await shop.number("select count(*) from martlet_data.receipts where kind = 'requeued'") == Self.letters)
                #expect(try await shop.number("select count(*) from martlet_data.requeues where series = 1") == Self.letters)
                #expect(try await shop.number("select count(*) from martlet_data.requeues") == Self.letters)
                try await shop.settle(within: .seconds(60))
                #expect(try await last.terminate() == 0, "\(last.output)")
                #expect(Set(try shop.outbox().map(\.messageID)) == Set(ids))
            }
        }

        private func done(_ shop: Shop) async throws -> Int {
            try await shop.number("select done from martlet.jobs")
        }
    }
}
