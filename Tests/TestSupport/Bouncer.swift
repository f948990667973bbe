import Foundation
import Glibc

/// A PgBouncer in transaction mode before the tests' server: two server connections for all clients.
public struct Bouncer: Sendable {
    public let port: Int
    let process: ChildProcess
    let directory: String

    /// Starts one; it may take a moment until it listens. Stop it at the end.
    public static func start() async throws -> Bouncer {
        let server = try await TestDatabase.shared.server()
        let port = try freePort()
        let directory = "/tmp/bouncer-\(port)"
        try FileManager.default.createDirectory(atPath: directory, withIntermediateDirectories: true)
        let configuration = """
            [databases]
            * = host=\(server.socketDirectory) port=\(server.port) user=postgres
            [pgbouncer]
            listen_addr = 127.0.0.1
            listen_port = \(port)
            unix_socket_dir =
            auth_type = any
            pool_mode = transaction
            default_pool_size = 2
            """
        try configuration.write(toFile: "\(directory)/bouncer.ini", atomically: true, encoding: .utf8)
        try FileManager.default.setAttributes([.posixPermissions: 0o755], ofItemAtPath: directory)
        let process = try ChildProcess(asPostgres(["/usr/sbin/pgbouncer", "\(directory)/bouncer.ini"]))
        return Bouncer(port: port, process: process, directory: directory)
    }

    /// Why it does not run, nil while it does.
    public var failure: String? { process.exitCode == nil ? nil : process.output }

    public func stop() throws {
        process.kill(SIGTERM)
        try FileManager.default.removeItem(atPath: directory)
    }
}
