import Postgres
import TestSupport
import Testing

@Suite("transactions", .scratchDatabase)
struct TransactionTests {
    private func connect(_ table: String) async throws -> PQConnection {
        let connection = try await ScratchDatabase.required().connect()
        try await connection.execute(script: "create table \(table) (n int8 primary key deferrable initially deferred)")
        return connection
    }

    private func insert(_ table: String, _ n: Int64) -> PQCall {
        PQCall("insert", "insert into \(table) values ($1)") { $0.int8(n) }
    }

    private func count(_ connection: PQConnection, _ table: String) async throws -> Int64 {
        try await connection.query(PQCall("count", "select count(*) from \(table)")).only.int8(0)
    }

    @Test("begin travels with the first calls and commit with the last")
    func hotPath() async throws {
        let connection = try await connect("hot")
        _ = try await connection.pipeline([.begin, insert("hot", 1)])
        #expect(await connection.isInTransaction)
        let rows = try await connection.pipeline([insert("hot", 2), .commit])
        #expect(rows[0].commandTag == "INSERT 0 1")
        #expect(await connection.isInTransaction == false)
        #expect(try await count(connection, "hot") == 2)
    }

    @Test("a transaction commits what its body did and keeps others out")
    func commits() async throws {
        let connection = try await connect("commits")
        let outside = try await connection.transaction { transaction in
            _ = try await transaction.query(insert("commits", 1))
            let outside = Task { try await count(connection, "commits") }
            _ = try await transaction.pipeline([insert("commits", 2), insert("commits", 3)])
            _ = try await transaction.commit(after: [insert("commits", 4)])
            await #expect(throws: PQError.self) { try await transaction.query(insert("commits", 5)) }
            return outside
        }
        #expect(try await outside.value == 4)
        try await connection.transaction { _ = try await $0.query(insert("commits", 5)) }
        #expect(try await count(connection, "commits") == 5)
    }

    @Test("a body that throws leaves nothing behind and the connection usable")
    func rollsBack() async throws {
        struct Stop: Error {}
        let connection = try await connect("rolls")
        await #expect(throws: Stop.self) {
            try await connection.transaction { transaction in
                _ = try await transaction.query(insert("rolls", 1))
                throw Stop()
            }
        }
        #expect(try await count(connection, "rolls") == 0)
        #expect(await connection.isInTransaction == false)
    }

    @Test("ROLLBACK answered to COMMIT is an error")
    func rollbackForCommit() async throws {
        let connection = try await connect("answered")
        _ = try await connection.query(.begin)
        await #expect(throws: PQError.self) { try await connection.query(PQCall("broken", "select 1 / 0")) }
        let error = await #expect(throws: PQError.self) { try await connection.query(.commit) }
        guard case .rolledBack = error else {
            Issue.record("expected rolledBack, got \(String(describing: error))")
            return
        }
        #expect(try await count(connection, "answered") == 0)
    }

    @Test("a commit that comes with a warning is unknown")
    func warning() async throws {
        let connection = try await connect("warned")
        // COMMIT outside a transaction is answered with a warning, as a cancelled wait for a standby is.
        let error = await #expect(throws: PQError.self) { try await connection.query(.commit) }
        guard case .commitUnknown(_, let cause) = error else {
            Issue.record("expected commitUnknown, got \(String(describing: error))")
            return
        }
        #expect(cause.contains("no transaction in progress"))
    }

    @Test("a constraint checked at the implicit commit fails the pipeline", arguments: [true, false])
    func deferred(explicit: Bool) async throws {
        let table = explicit ? "deferred_a" : "deferred_b"
        let connection = try await connect(table)
        let calls = [insert(table, 1), insert(table, 1)]
        let error = await #expect(throws: PQError.self) {
            try await connection.pipeline(explicit ? [.begin] + calls + [.commit] : calls)
        }
        #expect(error?.isUniqueViolation == true)
        #expect(try await count(connection, table) == 0)
    }

    @Test("a script runs several statements and its error leaves the connection usable")
    func script() async throws {
        let connection = try await ScratchDatabase.required().connect()
        try await connection.execute(script: "create table script (n int); insert into script values (1), (2)")
        let error = await #expect(throws: PQError.self) {
            try await connection.execute(script: "insert into script values (3); select broken", name: "0002_broken")
        }
        #expect("\(try #require(error))".hasPrefix("0002_broken: column \"broken\" does not exist"))
        #expect(try await count(connection, "script") == 2)
    }

    @Test("a serialization failure can be retried and a lock not available is recognised")
    func classes() async throws {
        let connection = try await connect("locked")
        let other = try await ScratchDatabase.required().connect()
        _ = try await connection.pipeline([.begin, PQCall("lock", "lock table locked")])
        let error = await #expect(throws: PQError.self) { try await other.query(PQCall("nowait", "lock table locked nowait")) }
        #expect(["25P01", "55P03"].contains(error?.sqlstate))
        let held = await #expect(throws: PQError.self) {
            try await other.pipeline([.begin, PQCall("nowait", "lock table locked nowait")])
        }
        #expect(held?.sqlstate == "55P03")
        #expect(held?.isRetryable == false)
    }

    @Test("a migration under a prepared statement costs one retryable error")
    func stalePlan() async throws {
        let connection = try await connect("stale")
        let call = PQCall("all", "select * from stale")
        _ = try await connection.query(call)
        try await connection.execute(script: "alter table stale add column extra text")
        let error = await #expect(throws: PQError.self) { try await connection.query(call) }
        #expect(error?.isRetryable == true)
        #expect(try await connection.query(call).columnCount == 2)
    }

    @Test("a statement that cannot be prepared says so each time it is asked")
    func unpreparable() async throws {
        let connection = try await ScratchDatabase.required().connect()
        let call = PQCall("broken", "selec 1")
        async let first = Result { try await connection.query(call) }
        async let second = Result { try await connection.query(call) }
        for result in await [first, second] {
            let error = #expect(throws: PQError.self) { try result.get() }
            #expect(error?.sqlstate == "42601")
            guard case .server(let server) = error else {
                Issue.record("no answer of the server")
                return
            }
            #expect(server.position == 1)
        }
        #expect(try await connection.query(PQCall("fine", "select 1")).count == 1)
    }

    @Test("notifications arrive")
    func notifications() async throws {
        let connection = try await ScratchDatabase.required().connect()
        let stream = try await connection.listen(to: "news \"x\"")
        let other = try await ScratchDatabase.required().connect()
        _ = try await other.query(PQCall("notify", "select pg_notify('news \"x\"', 'hello')"))
        var iterator = stream.makeAsyncIterator()
        #expect(await iterator.next()?.payload == "hello")
        await connection.close()
        #expect(await iterator.next() == nil)
    }
}

extension Result where Failure == any Error {
    init(_ body: () async throws -> Success) async {
        do {
            self = .success(try await body())
        } catch {
            self = .failure(error)
        }
    }
}
