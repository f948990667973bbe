import Glibc
import Postgres
import TestSupport

/// A PostgreSQL server of one test's own, durable, that it may restart.
public struct PrivateServer: Sendable {
    let directory: String
    let port: Int
    /// Further `-c name=value`.
    let settings: String
    private static let binaries = "/usr/lib/postgresql/15/bin"

    public func conninfo(database: String) -> String { "host=\(directory) port=\(port) user=postgres dbname=\(database)" }

    public static func start(settings: String = "") async throws -> PrivateServer {
        let server = PrivateServer(
            directory: "/tmp/pgown-\(getpid())-\(UInt32.random(in: 0...UInt32.max))", port: try freePort(),
            settings: settings)
        let script =
            "mkdir -m 700 $0 && cd $0 && $1/initdb --no-sync --no-instructions -A trust -U postgres -E UTF8 --locale=C.UTF-8 -D $0/data"
        try await runProcess(asPostgres(["sh", "-c", script, server.directory, binaries]))
        try await server.control("start")
        return server
    }

    /// Ends every backend without waiting, and starts again from the log.
    public func restart() async throws { try await control("restart", "-m", "immediate") }

    /// Ends it at once, as a crash would; its data stays for `resume`.
    public func halt() async throws { try await control("stop", "-m", "immediate") }
    public func resume() async throws { try await control("start") }

    public func stop() async throws {
        try await control("stop", "-m", "immediate")
        try await runProcess(asPostgres(["rm", "-rf", directory]))
    }

    private func control(_ arguments: String...) async throws {
        try await runProcess(
            asPostgres(
                [
                    "\(Self.binaries)/pg_ctl", "-D", "\(directory)/data", "-w", "-l", "\(directory)/log", "-o",
                    "-p \(port) -k \(directory) -c listen_addresses= -c max_connections=50 \(settings)",
                ] + arguments))
    }
}
