import Domain
import PipelineSupport
import Postgres
import Store
import TestSupport
import Testing

@testable import Operations

@Suite("Jobs: bulk work that goes on whichever worker dies")
struct JobTests {
    /// A shop as its admin sees it.
    private func office(_ body: @Sendable (Office) async throws -> Void) async throws {
        try await Shop.with { shop in
            let cluster = Cluster(database: shop.store)
            try await body(Office(shop: shop, cluster: cluster, actor: try await Operations.Actor.login(on: cluster)))
        }
    }

    struct Office: Sendable {
        var shop: Shop
        var cluster: Cluster
        var actor: Operations.Actor

        func run<U: UseCase>(_ useCase: U) async throws -> U.Output { try await useCase.run(on: cluster, as: actor) }

        func start(_ action: JobAction, _ selection: JobSelection, perSecond: Int? = nil) async throws -> Int64 {
            try await run(StartJob(action, selection, why: "test", perSecond: perSecond)).id
        }

        /// Works on it until it has ended.
        func finish(_ job: Int64) async throws -> ShowJob.Output {
            try await eventually(within: .seconds(60), "job \(job) ends") {
                try await run(ContinueJob(id: job)).job.state != "running"
            }
            return try await run(ShowJob(id: job, limit: nil))
        }
    }

    private static let requeue = JobAction.requeue(JobAction.Requeue())

    @Test("its messages are fixed when it begins: what dies later is not touched, and what was not asked for neither")
    func frozen() async throws {
        try await office { office in
            let ids = try await office.shop.deadLetters(20)
            _ = try await office.shop.deadLetters(3, to: 491_000_000_000, reason: "other")
            var filter = DeadLetterFilter()
            filter.reason = "attempts_exhausted"
            let preview = try await office.run(PreviewJob(selection: .matching(filter)))
            #expect(preview.total == 20 && preview.first.count == 10)
            let late = try await office.shop.deadLetters(5, to: 492_000_000_000)
            let job = try await office.start(Self.requeue, preview.selection)
            let later = try await office.shop.deadLetters(5, to: 493_000_000_000)
            let ended = try await office.finish(job)
            #expect(ended.job.state == "finished" && ended.job.done == 20 && ended.job.skipped == 0)
            #expect(ended.messages.map(\.id.rawValue) == ids)
            let left = try await office.shop.texts(
                "select message_id::text from martlet_data.dead_letters where reason = 'attempts_exhausted' order by 1")
            #expect(left.compactMap(Int64.init) == late + later)
        }
    }

    @Test(
        "one that is refused is skipped with the reason and harms no other; what is no dead letter, or died again since, is skipped too"
    )
    func skipped() async throws {
        try await office { office in
            let ids = try await office.shop.deadLetters(40)
            let doubtful = try await office.shop.deadLetters(1, to: 491_000_000_000, reason: "in_doubt")[0]
            let alive = try await office.shop.enqueue("transactional", to: "+492000000000")
            let named = (ids + [doubtful, alive]).map { MessageID($0) }
            let job = try await office.start(Self.requeue, .ids(named))
            // Somebody else requeues two; one of them dies again.
            try await office.shop.script("select martlet.requeue(\(ids[3]), 'x'); select martlet.requeue(\(ids[4]), 'x')")
            try await office.shop.die("\(ids[3])")
            let ended = try await office.finish(job)
            #expect(ended.job.done == 38 && ended.job.skipped == 4 && ended.job.waiting == 0)
            let skipped = Dictionary(
                uniqueKeysWithValues: ended.messages.filter { $0.result == "skipped" }.map { ($0.id.rawValue, $0) })
            #expect(skipped[doubtful]?.sqlstate == "MT013" && skipped[doubtful]?.hint?.contains("may_duplicate") == true)
            #expect(skipped[alive]?.reason == "message \(alive) was not a dead letter")
            #expect(skipped[ids[3]]?.reason?.contains("died again") == true)
            #expect(skipped[ids[4]]?.reason?.contains("not a dead letter any more") == true)
            #expect(
                try await office.shop.number(
                    "select count(*) from martlet.audit where action = 'requeue' and detail ->> 'job' = '\(job)'") == 38)
        }
    }

    @Test(
        "a requeue waits for each live worker to use the newest policy and templates, half a minute at most; a discard does not wait"
    )
    func policy() async throws {
        try await office { office in
            let stamp = try await office.shop.store.run(PolicyStamp())
            let version = try #require(stamp.version)
            let worker = try await office.shop.store.run(
                BeginSession(worker: "w", host: "here", pid: 1, version: "1", policy: version, templates: stamp.templates))
            let ids = try await office.shop.deadLetters(4).map { MessageID($0) }
            try await office.shop.apply(ShopPolicy { $0.body = "{{text}}!" })
            let newer = try await office.shop.store.run(PolicyStamp())
            #expect(newer.version == version + 1 && newer.templates != stamp.templates)

            let waiting = try await office.start(Self.requeue, .ids(Array(ids[..<2])))
            #expect(try await office.run(ContinueJob(id: waiting)).hasWorked == false)
            #expect(try await office.run(AwaitPolicy(atMost: .zero)).behind.map(\.worker) == ["w"])
            _ = try await office.finish(try await office.start(.discard, .ids([ids[3]])))

            // The policy alone is not enough: the text that was mended is a template.
            try await office.shop.store.run(
                WriteSessionPolicy(session: worker, policy: version + 1, templates: stamp.templates, problem: nil))
            #expect(try await office.run(ContinueJob(id: waiting)).hasWorked == false)
            try await office.shop.store.run(
                WriteSessionPolicy(session: worker, policy: version + 1, templates: newer.templates, problem: nil))
            #expect(try await office.finish(waiting).job.done == 2)
            #expect(try await office.run(AwaitPolicy(atMost: .zero)).behind == [])

            // One that cannot use it does not hold up the others for ever.
            try await office.shop.apply(ShopPolicy())
            let late = try await office.start(Self.requeue, .ids([ids[2]]))
            #expect(try await office.run(ContinueJob(id: late)).hasWorked == false)
            try await office.shop.script(
                """
                update martlet_data.policies set applied_at = applied_at - interval '31 seconds';
                update martlet_data.templates set pushed_at = pushed_at - interval '31 seconds';
                """)
            #expect(try await office.finish(late).job.done == 1)
        }
    }

    @Test("what may pass ends a batch and skips nothing: the next one does it")
    func passing() async throws {
        try await office { office in
            let ids = try await office.shop.deadLetters(5)
            let job = try await office.start(Self.requeue, .ids(ids.map { MessageID($0) }))
            // As a ring that moves on: a check violation without a constraint's name.
            try await office.shop.script(
                """
                create function public.refuse() returns trigger language plpgsql as $$ begin raise exception 'no partition' using errcode = '23514'; end $$;
                create trigger refuse before insert on martlet_data.requeues for each row execute function public.refuse();
                """)
            await #expect(throws: OperationError.self) { try await office.run(ContinueJob(id: job)) }
            #expect(try await office.run(ShowJob(id: job, limit: nil)).job.waiting == 5)
            try await office.shop.script("drop trigger refuse on martlet_data.requeues")
            #expect(try await office.finish(job).job.done == 5)
        }
    }

    @Test("several work on one job at once, and each message is requeued once")
    func several() async throws {
        try await office { office in
            _ = try await office.shop.deadLetters(2000)
            let job = try await office.start(Self.requeue, .matching(DeadLetterFilter()), perSecond: 4000)
            try await withThrowingTaskGroup(of: Void.self) { group in
                for _ in 0..<4 { group.addTask { _ = try await office.finish(job) } }
                try await group.waitForAll()
            }
            let ended = try await office.run(ShowJob(id: job, result: .done, limit: 1))
            #expect(ended.job.done == 2000 && ended.messages.count == 1)
            #expect(try await office.shop.number("select count(*) from martlet_data.receipts where kind = 'requeued'") == 2000)
            #expect(
                try await office.shop.number(
                    "select count(distinct message_id) from martlet_data.receipts where kind = 'requeued'") == 2000)
        }
    }

    @Test("its rate says when the next batch may begin: half a second's worth at once, on average no more")
    func rate() async throws {
        try await office { office in
            _ = try await office.shop.deadLetters(30)
            let job = try await office.start(.discard, .matching(DeadLetterFilter()), perSecond: 20)
            #expect(try await office.run(ContinueJob(id: job)).job.done == 10)
            let ahead = "select extract(epoch from next_at - created_at) * 1000 from martlet_data.jobs"
            #expect(try await (499...).contains(office.shop.number(ahead)))
            // The clock of the database goes on as fast as it likes: what is late by a second is made up for, and no more.
            try await office.shop.script("update martlet_data.jobs set next_at = now() - interval '1 hour'")
            #expect(try await office.run(ContinueJob(id: job)).job.done == 20)
            #expect(
                try await office.shop.number(
                    "select count(*) from martlet_data.jobs where next_at > (select max(at) from martlet_data.job_messages) - interval '1 second'"
                )
                    == 1)
        }
    }

    @Test("a job that is stopped does nothing more, and says by whom and why")
    func stopped() async throws {
        try await office { office in
            _ = try await office.shop.deadLetters(30)
            let job = try await office.start(.discard, .matching(DeadLetterFilter()), perSecond: 20)
            #expect(try await office.run(ContinueJob(id: job)).job.done == 10)
            let stopped = try await office.run(StopJob(id: job, why: "wrong filter"))
            #expect(stopped.wasRunning && stopped.job.stopReason == "wrong filter" && stopped.job.stoppedBy == office.actor.name)
            try await office.shop.script("update martlet_data.jobs set next_at = now() - interval '1 hour'")
            let next = try await office.run(ContinueJob(id: job))
            #expect(!next.hasWorked && next.job.waiting == 20)
            #expect(try await !office.run(StopJob(id: job, why: "again")).wasRunning)
            #expect(try await office.shop.number("select count(*) from martlet_data.dead_letters") == 20)
            #expect(
                try await office.shop.texts("select action from martlet.audit where object = 'job \(job)' order by id") == [
                    "create_job", "stop_job",
                ])
            let missing = await #expect(throws: OperationError.self) { try await office.run(StopJob(id: 999, why: "x")) }
            #expect(missing?.sqlstate == "MT012")
        }
    }

    @Test("a job that was stopped goes on: what waited is done, and nothing twice; a finished one does not")
    func resumed() async throws {
        try await office { office in
            _ = try await office.shop.deadLetters(30)
            let job = try await office.start(.discard, .matching(DeadLetterFilter()), perSecond: 20)
            #expect(try await office.run(ContinueJob(id: job)).job.done == 10)
            _ = try await office.run(StopJob(id: job, why: "wait"))
            let resumed = try await office.run(ResumeJob(id: job, why: "go on"))
            #expect(!resumed.wasRunning && resumed.job.state == "running" && resumed.job.stopReason == nil)
            #expect(try await office.run(ResumeJob(id: job, why: "again")).wasRunning)
            let ended = try await office.finish(job)
            #expect(ended.job.state == "finished" && ended.job.done == 30 && ended.job.skipped == 0)
            #expect(try await office.shop.number("select count(*) from martlet.receipts where kind = 'discarded'") == 30)
            #expect(
                try await office.shop.texts("select action from martlet.audit where object = 'job \(job)' order by id") == [
                    "create_job", "stop_job", "resume_job",
                ])
            let finished = await #expect(throws: OperationError.self) { try await office.run(ResumeJob(id: job, why: "x")) }
            #expect(finished?.sqlstate == "MT019" && finished?.kind == .refused)
            let missing = await #expect(throws: OperationError.self) { try await office.run(ResumeJob(id: 999, why: "x")) }
            #expect(missing?.sqlstate == "MT012")
        }
    }

    @Test("a job whose own variables were erased when it was stopped is not resumed")
    func notResumed() async throws {
        try await office { office in
            _ = try await office.shop.deadLetters(3)
            let job = try await office.start(
                .requeue(JobAction.Requeue(variables: #"{"text": "new"}"#)), .matching(DeadLetterFilter()))
            _ = try await office.run(StopJob(id: job, why: "wait"))
            let refused = await #expect(throws: OperationError.self) { try await office.run(ResumeJob(id: job, why: "x")) }
            #expect(refused?.sqlstate == "MT019")
            #expect(try await office.run(ShowJob(id: job, limit: nil)).job.state == "stopped")
        }
    }

    @Test("it acts in the name of who began it, and stops when that role is no admin any more")
    func actor() async throws {
        try await office { office in
            let name = "jobs_\(office.shop.scratch.name)"
            try await office.shop.script("create role \"\(name)\" login in role martlet_admin")
            _ = try await office.shop.deadLetters(30)
            let ann = Cluster(
                options: DatabaseOptions(conninfo: office.shop.scratch.conninfo + " user=\(name)", applicationName: "ann"))
            let job = try await StartJob(.discard, .matching(DeadLetterFilter()), why: "test", perSecond: 20).run(
                on: ann, as: Operations.Actor.login(on: ann)
            ).id
            await ann.close()
            #expect(try await office.run(ContinueJob(id: job)).job.done == 10)
            #expect(try await office.shop.texts("select distinct actor from martlet.receipts where kind = 'discarded'") == [name])
            #expect(try await office.shop.texts("select distinct actor from martlet.audit where action = 'discard'") == [name])
            try await office.shop.script("revoke martlet_admin from \"\(name)\"; update martlet_data.jobs set next_at = now()")
            let ended = try await office.finish(job)
            #expect(ended.job.state == "stopped" && ended.job.stopReason == "\(name) is not martlet_admin any more")
            #expect(ended.job.waiting == 20)
            try await office.shop.script("drop role \"\(name)\"")
        }
    }

    @Test("a reader sees jobs and results, neither variables nor what PostgreSQL quotes; the variables go when the job ends")
    func masks() async throws {
        try await office { office in
            _ = try await office.shop.deadLetters(30)
            let secret = JobAction.requeue(JobAction.Requeue(variables: #"{"text": "s3cret"}"#))
            let job = try await office.start(secret, .matching(DeadLetterFilter()), perSecond: 20)
            try await office.shop.script(
                """
                set role martlet_owner; update martlet_data.job_messages set result = 'skipped', at = now(), sqlstate = '22003', reason = 's3cret is out of range'
                    where message_id = (select max(message_id) from martlet_data.job_messages);
                reset role
                """)
            let shown = try await office.shop.texts(
                "select j::text || m::text from martlet.jobs j join martlet.job_messages m on m.job_id = j.id where m.sqlstate = '22003'"
            )
            #expect(shown.count == 1 && shown[0].contains("s3cret is out of range"), "an admin sees it")
            try await office.shop.script("set role martlet_reader")
            let rows = try await office.shop.texts(
                "select j::text || m::text from martlet.jobs j join martlet.job_messages m on m.job_id = j.id")
            try await office.shop.script(
                "reset role; update martlet_data.jobs set next_at = now() - interval '1 minute', per_second = null")
            #expect(rows.count == 30 && !rows.contains { $0.contains("s3cret") })
            #expect(try await office.shop.number("select count(*) from martlet_data.jobs where options ? 'variables'") == 1)
            let ended = try await office.finish(job)
            #expect(ended.job.hasEditedVariables && ended.job.done == 29)
            #expect(try await office.shop.number("select count(*) from martlet_data.jobs where options ? 'variables'") == 0)
        }
    }

    @Test("jobs are forgotten 35 days after their end, with their messages; one that runs never")
    func retention() async throws {
        try await office { office in
            let ids = try await office.shop.deadLetters(20).map { MessageID($0) }
            let old = try await office.start(.discard, .ids(Array(ids[..<10])))
            _ = try await office.finish(old)
            let running = try await office.start(.discard, .ids(Array(ids[10...])))
            try await office.shop.script(
                "update martlet_data.jobs set created_at = now() - interval '60 days', ended_at = ended_at - interval '36 days'")
            for keep in [36, 35] {
                _ = try await office.shop.store.run(PurgeJobMessages(keep: .seconds(keep * 86_400 + 60)))
                _ = try await office.shop.store.run(PurgeJobs(keep: .seconds(keep * 86_400 + 60)))
                #expect(try await office.run(ShowJobs(limit: 10)).jobs.map(\.id) == (keep == 36 ? [running, old] : [running]))
            }
            #expect(try await office.shop.number("select count(*) from martlet_data.job_messages") == 10)
        }
    }

    @Test(
        "what cannot be a job is refused with what to do",
        arguments: [
            ("'resend', 'x', array[1]", "none of requeue, discard"), ("'requeue', 'x', '{}'", "0 messages"),
            ("'requeue', 'x', array[1, null]", "each with an id"), ("'requeue', '', array[1]", "field why"),
            ("'requeue', 'x', array[1], per_second => 0", "per_second"),
            ("'discard', 'x', array[1], options => '{\"provider\": \"p\"}'", "unknown to discard: provider"),
            ("'requeue', 'x', array[1], options => '{\"may_duplicate\": \"yes\"}'", "true or false"),
            ("'requeue', 'x', array[1], options => '{\"variables\": {\"a\": 1e1000}}'", "400 digits"),
        ])
    func refused(arguments: String, message: String) async throws {
        try await office { office in
            let error = await #expect(throws: PQError.self) {
                try await office.shop.script("select martlet.create_job(\(arguments))")
            }
            #expect(error?.sqlstate?.hasPrefix("MT") == true && "\(error!)".contains(message), "\(String(describing: error))")
        }
    }
}
