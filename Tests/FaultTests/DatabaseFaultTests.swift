import Glibc
import PipelineSupport
import Postgres
import TestSupport
import Testing

@testable import Store

extension Faults {
    @Suite("The database fails under a worker")
    struct DatabaseFaultTests {
        /// After the faults: all accepted, each handed over once, every hand-over with its attempt, no slot lost or taken twice.
        private func check(_ shop: Shop, _ count: Int, _ worker: ChildProcess) async throws {
            do {
                try await shop.settle(within: .seconds(60))
            } catch {
                throw ChildFailure(what: "\(error)\n\(worker.output.suffix(3000))")
            }
            #expect(worker.exitCode == nil, "a worker never exits because of its database: \(worker.output)")
            #expect(try await shop.states() == ["accepted": count], "\(worker.output.suffix(3000))")
            let lines = try shop.outbox()
            #expect(Set(lines.map(\.messageID)).count == count)
            #expect(lines.count == count, "\(lines.count - count) were handed over twice")
            #expect(try await worker.terminate() == 0)
        }

        @Test(
            "answers are lost again and again, to claims, admits and records: all accepted, each handed over once",
            .timeLimit(.minutes(4)))
        func lostAnswers() async throws {
            try await Shop.with { shop in
                let server = try await TestDatabase.shared.server()
                let proxy = try TCPProxy(to: server.port)
                defer { proxy.stop() }
                let count = 3000
                try await shop.enqueueMany("marketing", count: count)
                let url = "host=127.0.0.1 port=\(proxy.port) user=\(server.user) dbname=\(shop.scratch.name)"
                let worker = try WorkerProgram.start(in: shop, settings: ["worker.claim_batch=10"], url: url)
                try await eventually(within: .seconds(30), "it works") { try !shop.outbox().isEmpty }
                // How often answers are lost, not a wait for a result.
                for _ in 0..<25 {
                    proxy.set(.cutAtAnswer)
                    try await ContinuousClock().sleep(for: .milliseconds(20))
                    proxy.set(.forward)
                    try await ContinuousClock().sleep(for: .milliseconds(Int.random(in: 50...300)))
                }
                try await check(shop, count, worker)
            }
        }

        @Test(
            "one backend is killed again and again: nothing is lost, nothing sent twice, the worker goes on",
            .timeLimit(.minutes(4)))
        func killedBackends() async throws {
            try await Shop.with { shop in
                let count = 3000
                try await shop.enqueueMany("marketing", count: count)
                let worker = try WorkerProgram.start(in: shop, settings: ["worker.claim_batch=10"])
                try await eventually(within: .seconds(30), "it works") { try !shop.outbox().isEmpty }
                var killed = 0
                for _ in 0..<60 {
                    killed += try await shop.number(
                        """
                        select count(pg_terminate_backend(pid)) from (select pid from pg_stat_activity
                            where datname = current_database() and application_name like 'martlet-worker%' order by random() limit 1) p
                        """)
                    // How often a backend dies, not a wait for a result.
                    try await ContinuousClock().sleep(for: .milliseconds(Int.random(in: 20...100)))
                }
                #expect(killed > 20)
                try await check(shop, count, worker)
            }
        }

        @Test("a table is locked and altered while it works, as a migration does: it waits and goes on", .timeLimit(.minutes(3)))
        func migration() async throws {
            try await Shop.with { shop in
                try await shop.enqueueMany("marketing", count: 2000)
                let worker = try WorkerProgram.start(in: shop, settings: ["worker.claim_batch=10"])
                try await eventually(within: .seconds(30), "it works") { try !shop.outbox().isEmpty }
                // So long each table stays locked, not a wait for a result.
                for table in ["messages", "attempts", "receipts", "cap_usage", "sessions", "classes", "templates"] {
                    try await shop.script(
                        "begin; lock martlet_data.\(table); alter table martlet_data.\(table) add column later int; select pg_sleep(0.2); commit"
                    )
                }
                try await check(shop, 2000, worker)
            }
        }

        @Test(
            "the next version migrates while a worker of this one runs; after that others of this version start only if it says they may",
            .timeLimit(.minutes(3)), arguments: [true, false])
        func nextVersion(isCompatible: Bool) async throws {
            try await Shop.with { shop in
                try await shop.enqueueMany("marketing", count: 6000)
                let worker = try WorkerProgram.start(in: shop, settings: ["worker.claim_batch=10"])
                try await eventually(within: .seconds(30), "it works") { try !shop.outbox().isEmpty }
                let next = Migration(
                    version: Migration.all.count + 1, name: "9999_add_later.sql",
                    sql: """
                        -- Compatible: \(isCompatible ? "yes" : "no")
                        alter table martlet_data.messages add column later text;
                        alter table martlet_data.attempts add column later int not null default 7;
                        create index on martlet_data.dead_letters (provider);
                        create or replace view martlet.workers_later as select s.id from martlet_data.sessions s;
                        """)
                let applied = try await Migrator(shop.store, migrations: Migration.all + [next]).up()
                #expect(applied.migrations == [next.name])
                #expect(try await shop.waiting() > 0, "it was migrated under load")
                try await check(shop, 6000, worker)
                let late = try WorkerProgram.start(in: shop, name: "late")
                if isCompatible {
                    try await shop.enqueueMany("marketing", count: 100)
                    try await check(shop, 6100, late)
                } else {
                    #expect(try await late.wait() == 78)
                    #expect(late.output.contains(next.name), "\(late.output)")
                }
            }
        }

        @Test(
            "through PgBouncer in transaction mode, with nothing prepared, a worker does its whole job", .timeLimit(.minutes(3)))
        func bouncer() async throws {
            let bouncer = try await Bouncer.start()
            defer { do { try bouncer.stop() } catch { Issue.record(error) } }
            try await Shop.with { shop in
                try await shop.enqueueMany("marketing", count: 500)
                try await shop.enqueue("otp", to: "+490000000001")
                try await shop.enqueue("marketing", to: "+490000000002", variables: "{}", arguments: "check_template => false")
                let url = "host=127.0.0.1 port=\(bouncer.port) user=postgres dbname=\(shop.scratch.name)"
                let worker = try WorkerProgram.start(
                    in: shop, settings: ["worker.claim_batch=50", "database.prepared_statements=false"], url: url)
                try await shop.settle(within: .seconds(60))
                let states = try await shop.states()
                #expect(states["accepted"] == 501 && states.count == 2, "\(states) \(worker.output)")
                let lines = try shop.outbox()
                #expect(Set(lines.map(\.messageID)).count == lines.count)
                #expect(try await worker.terminate() == 0, "\(worker.output)")
            }
        }

        @Test(
            "the server is stopped at once and started again under load: all accepted, each handed over once",
            .timeLimit(.minutes(4)))
        func restart() async throws {
            let server = try await PrivateServer.start()
            do {
                try await Shop.with(on: server) { shop in
                    let count = 4000
                    try await shop.enqueueMany("marketing", count: count)
                    let worker = try WorkerProgram.start(in: shop, settings: ["worker.claim_batch=10"])
                    for _ in 0..<2 {
                        let sent = try shop.outbox().count
                        try await eventually(within: .seconds(60), poll: .milliseconds(5), "it works") {
                            if let code = worker.exitCode { throw ChildFailure(what: "it ended with \(code): \(worker.output)") }
                            return try shop.outbox().count > sent + 200
                        }
                        try await server.restart()
                    }
                    let reopened = try await shop.reconnected()
                    try await check(reopened, count, worker)
                    await reopened.connection.close()
                }
            } catch {
                try await server.stop()
                throw error
            }
            try await server.stop()
        }
    }
}
