import Foundation
import Postgres
import TestSupport
import Testing

@Suite("PgBouncer in transaction mode", .scratchDatabase)
struct BouncerTests {
    @Test("pipelines, transactions and copies work through it when nothing is prepared")
    func works() async throws {
        let server = try await TestDatabase.shared.server()
        let database = try ScratchDatabase.required()
        let port = try freePort()
        let directory = "/tmp/bouncer-\(port)"
        try FileManager.default.createDirectory(atPath: directory, withIntermediateDirectories: true)
        defer { do { try FileManager.default.removeItem(atPath: directory) } catch { Issue.record(error) } }
        let configuration = """
            [databases]
            * = host=\(server.socketDirectory) port=\(server.port)
            [pgbouncer]
            listen_addr = 127.0.0.1
            listen_port = \(port)
            unix_socket_dir =
            auth_type = any
            pool_mode = transaction
            default_pool_size = 2
            """
        let forced = configuration.replacingOccurrences(of: "port=\(server.port)", with: "port=\(server.port) user=postgres")
        try forced.write(toFile: "\(directory)/bouncer.ini", atomically: true, encoding: .utf8)
        try FileManager.default.setAttributes([.posixPermissions: 0o755], ofItemAtPath: directory)
        let bouncer = try ChildProcess(asPostgres(["/usr/sbin/pgbouncer", "\(directory)/bouncer.ini"]))
        defer { bouncer.kill(SIGTERM) }

        var options = ConnectionOptions("host=127.0.0.1 port=\(port) user=postgres dbname=\(database.name)")
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
        let chunks = AsyncStream<[UInt8]> { continuation in
            continuation.yield(Array("9\tcopied\n".utf8))
            continuation.finish()
        }
        #expect(try await first.copyIn("copy bounced from stdin", chunks: chunks) == 1)
        #expect(try await first.query(PQCall("count", "select count(*) from bounced")).only.int8(0) == 201)
        await first.close()
    }

    private func connect(_ options: ConnectionOptions, _ bouncer: ChildProcess) async throws -> PQConnection {
        var found: PQConnection?
        try await eventually("the bouncer listens") {
            if bouncer.exitCode != nil { throw ChildFailure(what: bouncer.output) }
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
