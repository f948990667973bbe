import Glibc
import TestSupport
import Testing

@testable import Postgres

@Suite("faults", .scratchDatabase)
struct FaultTests {
    private let sleep = PQCall("sleep", "select pg_sleep(60)")

    private func pidOf(_ connection: PQConnection) async throws -> Int32 {
        try await connection.query(PQCall("pid", "select pg_backend_pid()")).only.int4(0)
    }

    private func proxied(_ proxy: TCPProxy, _ deadline: Duration = .seconds(30)) throws -> ConnectionOptions {
        let database = try ScratchDatabase.required()
        return ConnectionOptions(
            "host=127.0.0.1 port=\(proxy.port) user=postgres dbname=\(database.name)", queryDeadline: deadline)
    }

    private func proxy() async throws -> TCPProxy { try TCPProxy(to: try await TestDatabase.shared.server().port) }

    @Test("a deadline closes the connection, names the statement, and the server stops the work")
    func deadline() async throws {
        let connection = try await ScratchDatabase.required().connect()
        let pid = try await pidOf(connection)
        let error = await #expect(throws: PQError.self) { try await connection.query(sleep, within: .milliseconds(200)) }
        guard case .deadlineExceeded("sleep", _, true) = error else {
            Issue.record("expected deadlineExceeded, got \(String(describing: error))")
            return
        }
        #expect(!connection.isUsable)
        await #expect(throws: PQError.self) { try await connection.query(PQCall("one", "select 1")) }
        let observer = try await ScratchDatabase.required().connect()
        try await eventually(within: .seconds(10), "the backend is gone") {
            try await observer.query(PQCall("gone", "select 1 from pg_stat_activity where pid = $1") { $0.int4(pid) }).isEmpty
        }
    }

    @Test("a cancelled task closes the connection; those behind it learn that they may have run")
    func cancellation() async throws {
        let connection = try await ScratchDatabase.required().connect()
        let first = Task { try await connection.query(sleep) }
        let observer = try await ScratchDatabase.required().connect()
        let pid = await connection.backendPID
        try await eventually(within: .seconds(30), "the sleep runs") {
            try await observer.query(
                PQCall("runs", "select 1 from pg_stat_activity where pid = $1 and wait_event = 'PgSleep'") { $0.int4(pid) }
            ).count == 1
        }
        let second = Task { try await connection.query(PQCall("second", "select 1")) }
        first.cancel()
        await #expect(throws: CancellationError.self) { try await first.value }
        let error = await #expect(throws: PQError.self) { try await second.value }
        guard case .connectionLost("second", _, _) = error else {
            Issue.record("expected connectionLost, got \(String(describing: error))")
            return
        }
    }

    @Test("a cancelled task still waits for its commit")
    func cancelledCommit() async throws {
        let connection = try await ScratchDatabase.required().connect()
        try await connection.execute(script: "create table waits (n int)")
        _ = try await connection.pipeline([.begin, PQCall("insert", "insert into waits values (1)")])
        let observer = try await ScratchDatabase.required().connect()
        _ = try await observer.query(PQCall("hold", "select pg_advisory_lock(1)"))
        let commit = Task { try await connection.pipeline([PQCall("wait", "select pg_advisory_xact_lock(1)"), .commit]) }
        let pid = await connection.backendPID
        try await eventually(within: .seconds(10), "the commit is under way") {
            try await observer.query(
                PQCall("runs", "select 1 from pg_stat_activity where pid = $1 and wait_event = 'advisory'") { $0.int4(pid) }
            ).count == 1
        }
        commit.cancel()
        _ = try await observer.query(PQCall("release", "select pg_advisory_unlock(1)"))
        #expect(try await commit.value.count == 2)
        #expect(try await observer.query(PQCall("count", "select 1 from waits")).count == 1)
    }

    @Test("a terminated backend fails the call with the server's reason")
    func terminated() async throws {
        let connection = try await ScratchDatabase.required().connect()
        let pid = try await pidOf(connection)
        let call = Task { try await connection.query(sleep) }
        let observer = try await ScratchDatabase.required().connect()
        try await eventually(within: .seconds(30), "the sleep runs") {
            try await observer.query(
                PQCall("kill", "select pg_terminate_backend(pid) from pg_stat_activity where pid = $1 and wait_event = 'PgSleep'")
                {
                    $0.int4(pid)
                }
            ).count == 1
        }
        let error = await #expect(throws: PQError.self) { try await call.value }
        guard case .connectionLost("sleep", let cause, true) = error else {
            Issue.record("expected connectionLost, got \(String(describing: error))")
            return
        }
        #expect(cause.contains("terminating connection due to administrator command"))
    }

    @Test("an idle connection whose backend was killed is known to be useless")
    func idleKilled() async throws {
        let connection = try await ScratchDatabase.required().connect()
        let pid = try await pidOf(connection)
        let observer = try await ScratchDatabase.required().connect()
        _ = try await observer.query(PQCall("kill", "select pg_terminate_backend($1)") { $0.int4(pid) })
        try await eventually(within: .seconds(30), "the end is noticed") { !connection.isUsable }
        let error = await #expect(throws: PQError.self) { try await connection.query(PQCall("one", "select 1")) }
        #expect("\(try #require(error))".contains("administrator command; it did not run") || "\(error!)".contains("did not run"))
    }

    @Test("a commit whose answer is lost is unknown, although the server has committed", arguments: [true, false])
    func lostCommit(alone: Bool) async throws {
        let proxy = try await proxy()
        defer { proxy.stop() }
        let connection = try await PQConnection.connect(proxied(proxy))
        let table = alone ? "lost_a" : "lost_b"
        try await connection.execute(script: "create table \(table) (n int)")
        let insert = PQCall("insert", "insert into \(table) values (1)")
        // Prepared before, so that the first answer, at which the proxy cuts, is the commit's own.
        _ = try await connection.pipeline([.begin, .commit])
        _ = try await connection.pipeline([.begin, insert])
        proxy.set(.cutAtAnswer)
        let error = await #expect(throws: PQError.self) { try await connection.pipeline(alone ? [.commit] : [insert, .commit]) }
        guard case .commitUnknown = error else {
            Issue.record("expected commitUnknown, got \(String(describing: error))")
            return
        }
        #expect(error?.hasUnknownOutcome == true)
        let observer = try await ScratchDatabase.required().connect()
        try await eventually(within: .seconds(30), "the server has committed") {
            try await observer.query(PQCall("look", "select 1 from \(table)")).count > 0
        }
    }

    @Test("a commit without an answer until its deadline is unknown")
    func silentCommit() async throws {
        let proxy = try await proxy()
        defer { proxy.stop() }
        let connection = try await PQConnection.connect(proxied(proxy))
        _ = try await connection.query(.begin)
        proxy.set(.swallow)
        let error = await #expect(throws: PQError.self) { try await connection.query(.commit, within: .milliseconds(200)) }
        guard case .commitUnknown("commit", _) = error else {
            Issue.record("expected commitUnknown, got \(String(describing: error))")
            return
        }
        #expect(!connection.isUsable)
    }

    @Test("a frozen backend is noticed by the client's deadline", .timeLimit(.minutes(1)))
    func frozen() async throws {
        let connection = try await ScratchDatabase.required().connect()
        let pid = try await pidOf(connection)
        kill(pid, SIGSTOP)
        defer { kill(pid, SIGCONT) }
        // It stays frozen until this has thrown.
        let error = await #expect(throws: PQError.self) {
            try await connection.query(PQCall("one", "select 1"), within: .milliseconds(300))
        }
        #expect(error?.hasUnknownOutcome == true)
    }

    @Test("a host that accepts and says nothing costs its timeout; then the next one is tried")
    func silentHost() async throws {
        let proxy = try await proxy()
        defer { proxy.stop() }
        proxy.set(.swallow)
        let server = try await TestDatabase.shared.server()
        let database = try ScratchDatabase.required()
        var options = ConnectionOptions(
            "host=127.0.0.1,localhost port=\(proxy.port),\(server.port) user=postgres dbname=\(database.name)")
        options.connectTimeout = .milliseconds(500)
        let connection = try await PQConnection.connect(options)
        #expect(try await connection.query(PQCall("one", "select 1")).count == 1)
    }

    @Test("a failure to connect names every address and no password")
    func refused() async throws {
        let port = try freePort()
        let error = await #expect(throws: PQError.self) {
            try await PQConnection.connect(.init("host=127.0.0.1,127.0.0.2 port=\(port) user=u password=hunter2"))
        }
        let text = "\(try #require(error))"
        #expect(text.contains("127.0.0.1:\(port)") && text.contains("127.0.0.2:\(port)") && text.contains("refused"))
        #expect(!text.contains("hunter2"))
    }
}
