import PipelineSupport
import Store
import TestSupport
import Testing

extension Faults {
    @Suite("What was applied last, and workers that do not have it", .timeLimit(.minutes(5)))
    struct PolicyFaultTests {
        private func martlet(_ arguments: [String], in shop: Shop) throws -> ChildProcess {
            try ChildProcess(
                ["\(PythonTool.repository)/.build/debug/martlet"] + arguments,
                environment: ["MARTLET_DATABASE_URL": shop.scratch.conninfo])
        }

        @Test(
            "letters that are requeued right after their text was mended are sent by the mended text, also by a worker that looks only every 5 s"
        )
        func requeue() async throws {
            // Every message dies of the text: it wants a variable that no message has.
            try await Shop.with(ShopPolicy { $0.body = "{{text}} {{missing}}" }) { shop in
                let worker = try WorkerProgram.start(in: shop, settings: ["worker.policy_poll=5s"])
                try await shop.enqueueMany("transactional", count: 47)
                try await shop.settle(within: .seconds(60))
                #expect(try await shop.number("select count(*) from martlet_data.dead_letters") == 47)
                try await shop.apply(ShopPolicy())
                let requeue = try martlet(["dead-letters", "requeue", "--all-matching", "--why", "mended", "--yes"], in: shop)
                #expect(try await requeue.wait(within: .seconds(60)) == 0, "\(requeue.output)")
                #expect(requeue.output.contains("requeued 47"), "\(requeue.output)")
                try await shop.settle(within: .seconds(60))
                #expect(try await shop.states() == ["accepted": 47], "\(worker.output.suffix(2000))")
                #expect(try await worker.terminate() == 0)
            }
        }

        @Test("--wait ends when the workers use what was stored; a worker that hangs is named after the longest wait, with 75")
        func wait() async throws {
            try await Shop.with { shop in
                let worker = try WorkerProgram.start(in: shop, name: "slow", settings: ["worker.policy_poll=2s"])
                try await eventually(within: .seconds(60), "the worker works") { worker.output.contains("working") }
                let apply = ["config", "apply", "--config", "\(PythonTool.repository)/Config", "--yes", "--wait"]
                let first = try martlet(apply, in: shop)
                #expect(try await first.wait(within: .seconds(60)) == 0, "\(first.output)")
                #expect(first.output.contains("all 1 live workers use it"), "\(first.output)")
                #expect(try await shop.number("select policy_version from martlet.workers where state = 'live'") == 2)

                worker.kill(19)  // SIGSTOP
                try await shop.apply(ShopPolicy())
                let second = try martlet(apply + ["--wait-at-most", "1s"], in: shop)
                #expect(try await second.wait(within: .seconds(60)) == 75, "\(second.output)")
                #expect(second.output.contains("slow on ") && second.output.contains("uses version 2"), "\(second.output)")
                worker.kill(18)  // SIGCONT
                let third = try martlet(apply, in: shop)
                #expect(try await third.wait(within: .seconds(60)) == 0, "\(third.output)")
                #expect(try await worker.terminate() == 0)
            }
        }

        @Test("a provider whose key cannot be read: the worker serves the others, and the doctor names it with the file")
        func unusable() async throws {
            let broken = """
                  broken:
                    transport: smtp
                    channels: [email]
                    send_within: 2s
                    timeout: 2s
                    options:
                      host: 127.0.0.1
                      tls: "off"
                      dkim: example.com s1 /nowhere/key.pem

                """
            try await Shop.with(ShopPolicy { $0.moreProviders = broken }) { shop in
                let worker = try WorkerProgram.start(in: shop)
                try await shop.enqueueMany("transactional", count: 3)
                try await shop.settle(within: .seconds(60))
                #expect(try await shop.states() == ["accepted": 3])
                try await eventually(within: .seconds(20), "the worker tells of it") {
                    try await shop.number("select count(*) from martlet.providers where unusable = 1") == 1
                }
                let doctor = try martlet(["doctor", "--quiet"], in: shop)
                #expect(try await doctor.wait(within: .seconds(60)) == 1, "\(doctor.output)")
                #expect(
                    doctor.output.contains(
                        "provider_broken: 1 of 1 workers cannot open it: provider broken: option dkim: cannot use /nowhere/key.pem"
                    ),
                    "\(doctor.output)")
                #expect(try await worker.terminate() == 0)
            }
        }
    }
}
