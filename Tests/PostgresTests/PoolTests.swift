import Synchronization
import TestSupport
import Testing

@testable import Postgres

@Suite("pool", .scratchDatabase)
struct PoolTests {
    private let one = PQCall("one", "select 1")

    private func pool(_ size: Int, _ change: (inout PQPoolSettings) -> Void = { _ in }) throws -> PQPool {
        var settings = PQPoolSettings(connection: .init(try ScratchDatabase.required().conninfo), size: size)
        change(&settings)
        return PQPool(settings)
    }

    @Test("many borrowers share few connections")
    func shares() async throws {
        let pool = try pool(3)
        let pids = try await withThrowingTaskGroup(of: Int32.self) { group in
            for _ in 0..<60 {
                group.addTask {
                    try await pool.withConnection {
                        try await $0.query(PQCall("pid", "select pg_backend_pid()")).only.int4(0)
                    }
                }
            }
            return try await group.reduce(into: Set<Int32>()) { $0.insert($1) }
        }
        #expect((1...3).contains(pids.count))
        await pool.close()
    }

    @Test("no connection lies idle while somebody waits, however borrowers come and go")
    func neverIdleBesideWaiters() async throws {
        let pool = try pool(2)
        try await withThrowingTaskGroup(of: Void.self) { group in
            for borrower in 0..<4 {
                let preference = borrower == 0 ? pool.loop : nil
                group.addTask(executorPreference: preference) {
                    // Who is forgotten is so for good once the others are done: the limit is no matter of speed.
                    for _ in 0..<2000 {
                        try await pool.withConnection(within: .seconds(30)) { _ = try await $0.query(one) }
                        if borrower > 1 { try await Task.sleep(for: .microseconds(Int.random(in: 0...400))) }
                    }
                }
            }
            try await group.waitForAll()
        }
        await pool.close()
    }

    @Test("an exhausted pool says who holds its connections")
    func exhausted() async throws {
        let pool = try pool(1)
        try await pool.withConnection { (_: PQConnection) async throws -> Void in
            let error = await #expect(throws: PQError.self) {
                try await pool.withConnection(within: .milliseconds(100)) { _ in }
            }
            #expect("\(try #require(error))" == "no connection free within 100 ms: 1 of 1 connections busy")
        }
        #expect(try await pool.withConnection { try await $0.query(one).count } == 1)
        await pool.close()
    }

    @Test("a connection lost to a deadline is replaced, and the hook and the callback hear of it")
    func recovers() async throws {
        let counters = Counters()
        let pool = try pool(1) {
            $0.onConnect = { _ in counters.connects.add(1, ordering: .relaxed) }
            $0.onReconnect = { _ in counters.reconnects.add(1, ordering: .relaxed) }
        }
        await #expect(throws: PQError.self) {
            try await pool.withConnection {
                try await $0.query(PQCall("sleep", "select pg_sleep(60)"), within: .milliseconds(100))
            }
        }
        #expect(try await pool.withConnection { try await $0.query(one).count } == 1)
        #expect(counters.connects.load(ordering: .relaxed) == 2)
        #expect(counters.reconnects.load(ordering: .relaxed) == 1)
        await pool.close()
    }

    @Test("a borrower who leaves a transaction open harms no other")
    func leftOpen() async throws {
        let pool = try pool(1)
        _ = try await pool.withConnection { try await $0.pipeline([.begin, PQCall("t", "create table left_open (n int)")]) }
        let row = try await pool.withConnection {
            try await $0.query(PQCall("gone", "select to_regclass('left_open') is null")).only.bool(0)
        }
        #expect(row)
        await pool.close()
    }

    @Test("a pool whose server is away keeps trying and serves when it is back")
    func serverAway() async throws {
        let server = try await TestDatabase.shared.server()
        let port = try freePort()
        let database = try ScratchDatabase.required().name
        let pool = PQPool(
            .init(connection: .init("host=127.0.0.1 port=\(port) user=postgres dbname=\(database)"), size: 2))
        let error = await #expect(throws: PQError.self) {
            try await pool.withConnection(within: .seconds(2)) { _ in }
        }
        let text = "\(try #require(error))"
        #expect(text.contains("refused") && !text.contains("busy") && !text.contains("refused Is the server"), "\(text)")
        let answer = Task { try await pool.withConnection(within: .seconds(20)) { try await $0.query(one).count } }
        try await eventually("the borrower waits") { await pool.state.waiting == 1 }
        let proxy = try TCPProxy(to: server.port, listeningOn: port)
        defer { proxy.stop() }
        #expect(try await answer.value == 1)
        await pool.close()
    }

    @Test("a cancelled borrower leaves the queue")
    func cancelled() async throws {
        let pool = try pool(1)
        try await pool.withConnection { (_: PQConnection) async throws -> Void in
            let waiting = Task { try await pool.withConnection { _ in } }
            try await eventually("it waits") { await pool.state.waiting == 1 }
            waiting.cancel()
            await #expect(throws: CancellationError.self) { try await waiting.value }
            #expect(await pool.state.waiting == 0)
        }
        await pool.close()
    }

    @Test("closing waits for borrowers, refuses new ones, and leaves no connection behind")
    func closing() async throws {
        let pool = try pool(2)
        let (started, start) = AsyncStream.makeStream(of: Int32.self)
        let work = Task {
            try await pool.withConnection { connection in
                start.yield(await connection.backendPID)
                return try await connection.query(PQCall("nap", "select pg_sleep(0.3)")).count
            }
        }
        var iterator = started.makeAsyncIterator()
        let pid = await iterator.next()
        await pool.close()
        #expect(try await work.value == 1)
        await #expect(throws: PQError.self) { try await pool.withConnection { _ in } }
        let observer = try await ScratchDatabase.required().connect()
        try await eventually(within: .seconds(30), "no backend is left") {
            try await observer.query(PQCall("left", "select 1 from pg_stat_activity where pid = $1") { $0.int4(pid) }).isEmpty
        }
    }

    private final class Counters: Sendable {
        let connects = Atomic(0)
        let reconnects = Atomic(0)
    }
}
