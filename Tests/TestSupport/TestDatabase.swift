import Foundation
import Glibc
import Postgres

/// The PostgreSQL server of this test process: the one `MARTLET_TEST_PG` names (keywords and values, a superuser), or a private one
/// that starts with the first test that asks and ends with the process, however that ends.
public actor TestDatabase {
    public static let shared = TestDatabase()

    /// A running server.
    public struct Server: Sendable {
        /// Keywords and values without a database name; later keywords win, so more can be added behind it.
        public let conninfo: String
        public let socketDirectory: String
        public let port: Int
        public let user: String

        public func conninfo(database: String) -> String { "\(conninfo) dbname=\(database)" }
    }

    private var starting: Task<Server, any Error>?
    private var watcher: ChildProcess?
    private var administration: PQConnection?

    /// The server, started if need be.
    public func server() async throws -> Server {
        if let starting { return try await starting.value }
        // Unstructured: the test that asks first may be cancelled, the server is for all.
        let task = Task { try await self.start() }
        starting = task
        return try await task.value
    }

    /// A superuser's connection for creating and dropping databases.
    public func superuser() async throws -> PQConnection {
        if let administration, administration.isUsable { return administration }
        let server = try await server()
        let connection = try await PQConnection.connect(
            .init(server.conninfo(database: "postgres"), connectTimeout: .seconds(60)))
        administration = connection
        return connection
    }

    private func start() async throws -> Server {
        if let given = ProcessInfo.processInfo.environment["MARTLET_TEST_PG"], !given.isEmpty {
            let connection = try await PQConnection.connect(.init(given, connectTimeout: .seconds(60)))
            let row = try await connection.query(
                PQCall(
                    "server",
                    """
                    select current_setting('unix_socket_directories'), current_setting('port')::int4, current_user::text
                    """)
            ).only
            let found = Server(
                conninfo: given, socketDirectory: try row.text(0), port: Int(try row.int4(1)), user: try row.text(2))
            await connection.close()
            return found
        }
        let directory = "/tmp/pgtest-\(getpid())-\(UInt32.random(in: 0...UInt32.max))"
        let port = try freePort()
        let server = Server(
            conninfo: "host=\(directory) port=\(port) user=postgres", socketDirectory: directory, port: port, user: "postgres")
        // The pipe's other end is ours alone: when we end, however that is, the script reads the end of file and stops the server.
        var ends: [Int32] = [0, 0]
        guard pipe(&ends) == 0 else { throw ChildFailure(what: "no pipe for the test server") }
        for end in ends { _ = fcntl(end, F_SETFD, FD_CLOEXEC) }
        let child = try ChildProcess(
            asPostgres(["sh", "-c", Self.script, "test-server", directory, "\(port)", Self.binaries]), input: ends[0])
        Glibc.close(ends[0])
        watcher = child
        try await eventually(within: .seconds(60), poll: .milliseconds(50), "the test server starts: \(child.output)") {
            if let code = child.exitCode { throw ChildFailure(what: "the test server ended with \(code): \(child.output)") }
            do {
                await (try PQConnection.connect(.init(server.conninfo(database: "postgres")))).close()
                return true
            } catch is PQError {
                return false  // not up yet
            }
        }
        return server
    }

    private static let binaries = "/usr/lib/postgresql/15/bin"

    private static let script = """
        d=$1; mkdir -m 700 "$d" && cd "$d" || exit 1
        trap 'cd /; rm -rf "$d"' EXIT
        "$3/initdb" --no-sync --no-instructions -A trust -U postgres -E UTF8 --locale=C.UTF-8 -D "$d/data" >/dev/null </dev/null || exit 1
        "$3/postgres" -D "$d/data" -p "$2" -k "$d" -c listen_addresses=127.0.0.1 -c max_connections=300 -c fsync=off \\
            -c full_page_writes=off -c autovacuum_naptime=10s </dev/null 2>"$d/log" &
        server=$!
        read _
        kill -INT $server
        wait $server
        """
}

/// The command as the user `postgres` if we are root: servers of PostgreSQL refuse to run as root.
public func asPostgres(_ command: [String]) -> [String] {
    getuid() == 0 ? ["setpriv", "--reuid=postgres", "--regid=postgres", "--init-groups"] + command : command
}

/// A TCP port of 127.0.0.1 that was free a moment ago.
public func freePort() throws -> Int {
    let descriptor = socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
    defer { Glibc.close(descriptor) }
    var address = sockaddr_in()
    address.sin_family = sa_family_t(AF_INET)
    address.sin_addr.s_addr = inet_addr("127.0.0.1")
    var length = socklen_t(MemoryLayout<sockaddr_in>.size)
    let status = withUnsafeMutablePointer(to: &address) { pointer in
        pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) { address in
            bind(descriptor, address, length) == 0 ? getsockname(descriptor, address, &length) : -1
        }
    }
    guard status == 0 else { throw ChildFailure(what: "no free port") }
    return Int(UInt16(bigEndian: address.sin_port))
}
