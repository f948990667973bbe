import Postgres
import TestSupport
import Testing

@Suite("copy", .scratchDatabase)
struct CopyTests {
    struct SourceFailed: Error {}

    private func chunks(_ count: Int, failAt: Int? = nil) -> AsyncThrowingStream<[UInt8], any Error> {
        let (stream, continuation) = AsyncThrowingStream.makeStream(of: [UInt8].self)
        for index in 0..<count {
            if index == failAt { continuation.finish(throwing: SourceFailed()) }
            continuation.yield(Array((0..<1_000).map { "\(index * 1_000 + $0)\tsome text of row \($0)\n" }.joined().utf8))
        }
        continuation.finish()
        return stream
    }

    private func connect(_ table: String) async throws -> PQConnection {
        let connection = try await ScratchDatabase.required().connect()
        try await connection.execute(script: "create table \(table) (n int8, t text)")
        return connection
    }

    private func count(_ connection: PQConnection, _ table: String) async throws -> Int64 {
        try await connection.query(PQCall("count", "select count(*) from \(table)")).only.int8(0)
    }

    @Test("100,000 rows are copied in and counted")
    func copies() async throws {
        let connection = try await connect("many")
        #expect(try await connection.copyIn("copy many from stdin", chunks: chunks(100)) == 100_000)
        #expect(try await count(connection, "many") == 100_000)
    }

    @Test("a source that fails ends the copy, leaves no row, and the connection usable")
    func failingSource() async throws {
        let connection = try await connect("failing")
        await #expect(throws: SourceFailed.self) {
            try await connection.copyIn("copy failing from stdin", chunks: chunks(100, failAt: 50))
        }
        #expect(connection.isUsable)
        #expect(try await count(connection, "failing") == 0)
    }

    @Test("a row the server refuses is its error, and the connection stays usable")
    func refusedRow() async throws {
        let connection = try await connect("refused")
        let error = await #expect(throws: PQError.self) {
            try await connection.copyIn(
                "copy refused from stdin", name: "load",
                chunks: AsyncThrowingStream<[UInt8], any Error> { continuation in
                    for _ in 0..<100 { continuation.yield(Array("not a number\tx\n".utf8)) }
                    continuation.finish()
                })
        }
        #expect(error?.sqlstate == "22P02")
        #expect(try await count(connection, "refused") == 0)
    }

    @Test("SQL that cannot be copied into is refused", arguments: ["copy nowhere from stdin", "select 1"])
    func wrongSQL(sql: String) async throws {
        let connection = try await ScratchDatabase.required().connect()
        await #expect(throws: PQError.self) { try await connection.copyIn(sql, chunks: chunks(1)) }
        #expect(try await connection.query(PQCall("one", "select 1")).count == 1)
    }

    @Test("a cancelled copy leaves no row")
    func cancelled() async throws {
        let connection = try await connect("cancelled")
        let (stream, continuation) = AsyncStream.makeStream(of: [UInt8].self)
        let task = Task { try await connection.copyIn("copy cancelled from stdin", chunks: stream) }
        continuation.yield(Array("1\tx\n".utf8))
        let observer = try await ScratchDatabase.required().connect()
        try await eventually(within: .seconds(30), "the copy runs") {
            try await observer.query(PQCall("progress", "select 1 from pg_stat_progress_copy")).count == 1
        }
        task.cancel()
        await #expect(throws: CancellationError.self) { try await task.value }
        #expect(try await count(observer, "cancelled") == 0)
        #expect(try await connection.query(PQCall("one", "select 1")).count == 1)
    }
}
