import Postgres
import TestSupport
import Testing

@Suite("calls and pipelines", .scratchDatabase)
struct PipelineTests {
    @Test("a query answers with its rows")
    func query() async throws {
        let connection = try await ScratchDatabase.required().connect()
        let rows = try await connection.query(
            PQCall("sum", "select $1 + $2, 'x'::text") {
                $0.int8(40)
                $0.int8(2)
            })
        #expect(try rows.only.int8(0) == 42)
        #expect(try rows.only.text(1) == "x")
        await connection.close()
    }

    @Test("calls of 64 tasks on one connection are pipelined, each with its own answer")
    func manyTasks() async throws {
        let connection = try await ScratchDatabase.required().connect()
        try await withThrowingTaskGroup(of: Bool.self) { group in
            for task in 0..<64 {
                group.addTask {
                    for round in 0..<50 {
                        let value = Int64(task * 1_000 + round)
                        let rows = try await connection.query(PQCall("echo", "select $1") { $0.int8(value) })
                        guard try rows.only.int8(0) == value else { return false }
                    }
                    return true
                }
            }
            for try await isRight in group { #expect(isRight) }
        }
    }

    @Test("an error in the middle of a pipeline names its statement and undoes the rest")
    func errorInTheMiddle() async throws {
        let connection = try await ScratchDatabase.required().connect()
        try await connection.execute(script: "create table mid (n int8)")
        let error = await #expect(throws: PQError.self) {
            try await connection.pipeline([
                PQCall("first", "insert into mid values (1)"),
                PQCall("second", "select 1 / 0"),
                PQCall("third", "insert into mid values (3)"),
            ])
        }
        #expect(error?.sqlstate == "22012")
        #expect("\(try #require(error))".hasPrefix("second: division by zero"))
        #expect(try await connection.query(PQCall("count", "select count(*) from mid")).only.int8(0) == 0)
        // The third statement was prepared ahead of the failing group and works.
        _ = try await connection.query(PQCall("third", "insert into mid values (3)"))
    }
}
