import Postgres
import TestSupport
import Testing

@Suite("PgBouncer in transaction mode", .scratchDatabase)
struct BouncerTests {
    @Test("pipelines, transactions and copies work through it when nothing is prepared")
    func works() async throws {
        let database = try ScratchDatabase.required()
        let bouncer = try await Bouncer.start()
        defer { do { try bouncer.stop() } catch { Issue.record(error) } }

        var options = ConnectionOptions("host=127.0.0.1 port=\(bouncer.port) user=postgres dbname=\(database.name)")
        options.preparesStatements = false
        let first = try await connect(options, bouncer)
        try await first.execute(script: "create table bounced (n int8, t text)")
        // Four clients over two server connections: a prepared statement or a session setting would be missed.
        try await withThrowingTaskGroup(of: Void.self) { group in
            for client in 0..<4 {
                group.addTask { [options] in
                    let connection = try await PQConnection.connect(options)
                    let insert = PQCall("insert", "insert into bounced values ($1, $2)") {
                        $0.int8(Int64(client))
                        $0.text("x")
                    }
                    for _ in 0..<25 {
                        _ = try await connection.pipeline([.begin, insert])
                        _ = try await connection.pipeline([insert, .commit])
                    }
                    await connection.close()
                }
            }
            try await group.waitForAll()
        }
        #expect(try await first.query(PQCall("count", "select count(*) from bounced")).only.int8(0) == 200)
        await first.close()
    }

    private func connect(_ options: ConnectionOptions, _ bouncer: Bouncer) async throws -> PQConnection {
        var found: PQConnection?
        try await eventually("the bouncer listens") {
            if let failure = bouncer.failure { throw ChildFailure(what: failure) }
            do {
                found = try await PQConnection.connect(options)
                return true
            } catch is PQError {
                return false  // not up yet
            }
        }
        return try #require(found)
    }
}
