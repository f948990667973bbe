import Glibc
import Postgres
import Settings
import Store
import TestSupport
import Testing

@testable import Producer

@Suite("The program behind PgBouncer in transaction mode", .serialized, .scratchDatabase(producerTemplate))
struct ImportThroughBouncerTests {
    private func text(_ prefix: String, _ count: Int) -> String {
        (0..<count).reduce(into: "\(required),group_key\n") { text, index in
            text += "marketing,sms,+447\(700_000_000 + index),sale,\(prefix)\(index)\n"
        }
    }

    /// Runs it, killed now and then, until it ends by itself; answers the last exit code and output.
    private func run(_ arguments: [String], _ url: String, kills: Int) async throws -> (code: Int32, output: String) {
        for _ in 0..<kills {
            let child = try ProducerProgram(conninfo: url).start(arguments)
            _ = try await endedOrKilled(child, after: .milliseconds(Int.random(in: 100...900)))
        }
        let child = try ProducerProgram(conninfo: url).start(arguments)
        let code = try await child.wait(within: .seconds(120))
        return (code, child.output)
    }

    @Test("with nothing prepared every line is in exactly once, kills and two files at a time included", .timeLimit(.minutes(3)))
    func unprepared() async throws {
        let scratch = try ScratchDatabase.required()
        let bouncer = try await Bouncer.start()
        defer { do { try bouncer.stop() } catch { Issue.record(error) } }
        let url = "host=127.0.0.1 port=\(bouncer.port) user=postgres dbname=\(scratch.name)"
        let count = 4000
        try await withThrowingTaskGroup(of: Void.self) { group in
            for prefix in ["a", "b"] {
                group.addTask {
                    let file = try TemporaryFile(text(prefix, count), name: "\(prefix).csv")
                    let arguments = [file.path, "--batch", "100", "--database-prepared-statements", "false", "--connections=2"]
                    let (code, output) = try await run(arguments, url, kills: 3)
                    #expect(code == 0, "\(output)")
                }
            }
            try await group.waitForAll()
        }
        let keys = try await groupKeys(try await scratch.connect())
        #expect(
            keys.filter { "ab".contains($0.key.prefix(1)) }
                == Dictionary(uniqueKeysWithValues: ["a", "b"].flatMap { prefix in (0..<count).map { ("\(prefix)\($0)", 1) } }))
    }

    @Test("a session through it cannot be woken by an enqueue, and knows that")
    func notWoken() async throws {
        let scratch = try ScratchDatabase.required()
        let bouncer = try await Bouncer.start()
        defer { do { try bouncer.stop() } catch { Issue.record(error) } }
        let database = Database(
            DatabaseOptions(
                conninfo: "host=127.0.0.1 port=\(bouncer.port) user=postgres dbname=\(scratch.name)", applicationName: "tests",
                connections: 1, preparesStatements: false))
        #expect(try await database.withConnection { try await $0.whyNotWoken() } == "a pooler stands between")
        await database.close()
    }

    @Test("with statements prepared it ends and says why, or it works: no line is in twice", .timeLimit(.minutes(3)))
    func prepared() async throws {
        let scratch = try ScratchDatabase.required()
        let bouncer = try await Bouncer.start()
        defer { do { try bouncer.stop() } catch { Issue.record(error) } }
        let url = "host=127.0.0.1 port=\(bouncer.port) user=postgres dbname=\(scratch.name)"
        let count = 2000
        let files = try ["p", "q", "r"].map { ($0, try TemporaryFile(text($0, count), name: "\($0).csv")) }
        // Four connections each over two of the server: the bouncer of Debian 12 mixes their statements up.
        let ends = try await withThrowingTaskGroup(of: (code: Int32, output: String).self) { group in
            for (_, file) in files {
                group.addTask { try await run([file.path, "--batch", "20", "--connections", "4"], url, kills: 0) }
            }
            return try await group.reduce(into: []) { $0.append($1) }
        }
        let mixedUp = ends.filter { $0.code == 78 }
        for end in mixedUp {
            #expect(end.output.contains("database.prepared_statements: false"), "\(end.output)")
        }
        // This bouncer also tears a large request in two between servers, which then speak of bytes (70) or are gone (69).
        #expect(ends.allSatisfy { [0, 69, 70, 78].contains($0.code) }, "\(ends)")
        let connection = try await scratch.connect()
        let keys = try await groupKeys(connection).filter { "pqr".contains($0.key.prefix(1)) }
        #expect(keys.values.allSatisfy { $0 == 1 }, "\(keys.filter { $0.value != 1 })")
        // The same again without them goes on where each stopped.
        for (_, file) in files {
            let (code, output) = try await run(
                [file.path, "--batch", "20", "--database-prepared-statements=false"], url, kills: 0)
            #expect(code == 0, "\(output)")
        }
        let all = try await groupKeys(connection).filter { "pqr".contains($0.key.prefix(1)) }
        #expect(
            all
                == Dictionary(
                    uniqueKeysWithValues: ["p", "q", "r"].flatMap { prefix in (0..<count).map { ("\(prefix)\($0)", 1) } }))
    }
}
