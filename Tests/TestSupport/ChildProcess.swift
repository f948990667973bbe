import Foundation
import Glibc
import Synchronization

/// A program started by a test. It gets a clean signal mask (a test's threads may have signals blocked, and children inherit that),
/// writes its output to a file, and is ended by its own process id.
public final class ChildProcess: Sendable {
    public let pid: pid_t
    private let outputPath: String
    private let status = Mutex<Int32?>(nil)

    /// Starts `arguments[0]` (looked up in PATH). `environment` is added to ours. `input` becomes standard input; the default is empty.
    public init(_ arguments: [String], environment: [String: String] = [:], input: Int32? = nil) throws {
        outputPath = "/tmp/child-\(getpid())-\(UInt64.random(in: 0...UInt64.max))"
        var actions = posix_spawn_file_actions_t()
        posix_spawn_file_actions_init(&actions)
        defer { posix_spawn_file_actions_destroy(&actions) }
        if let input {
            posix_spawn_file_actions_adddup2(&actions, input, 0)
        } else {
            posix_spawn_file_actions_addopen(&actions, 0, "/dev/null", O_RDONLY, 0)
        }
        posix_spawn_file_actions_addopen(&actions, 1, outputPath, O_WRONLY | O_CREAT | O_TRUNC | O_APPEND, 0o600)
        posix_spawn_file_actions_adddup2(&actions, 1, 2)
        var attributes = posix_spawnattr_t()
        posix_spawnattr_init(&attributes)
        defer { posix_spawnattr_destroy(&attributes) }
        var none = sigset_t()
        sigemptyset(&none)
        var all = sigset_t()
        sigfillset(&all)
        posix_spawnattr_setsigmask(&attributes, &none)
        posix_spawnattr_setsigdefault(&attributes, &all)
        posix_spawnattr_setflags(&attributes, Int16(POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF))

        let variables = ProcessInfo.processInfo.environment.merging(environment) { $1 }
        let argv = arguments.map { strdup($0) } + [nil]
        let envp = variables.map { strdup("\($0.key)=\($0.value)") } + [nil]
        defer { for copy in argv + envp { free(copy) } }
        var pid = pid_t()
        let code = posix_spawnp(&pid, arguments[0], &actions, &attributes, argv, envp)
        guard code == 0 else { throw ChildFailure(what: "cannot start \(arguments[0]): \(String(cString: strerror(code)))") }
        self.pid = pid
    }

    deinit {
        kill(SIGKILL)
        reap(WNOHANG)
        unlink(outputPath)
    }

    /// What it has written so far, standard output and error together.
    public var output: String {
        String(decoding: FileManager.default.contents(atPath: outputPath) ?? Data(), as: UTF8.self)
    }

    public func kill(_ signal: Int32) {
        status.withLock { status in
            // A reaped process's id may belong to somebody else by now.
            if status == nil { _ = Glibc.kill(pid, signal) }
        }
    }

    /// The exit code (128 + signal when killed), nil while it runs.
    public var exitCode: Int32? {
        reap(WNOHANG)
        return status.withLock { $0 }
    }

    /// Waits for its end.
    public func wait(within timeout: Duration = .seconds(30)) async throws -> Int32 {
        try await eventually(within: timeout, "process \(pid) ends") { self.exitCode != nil }
        return exitCode ?? -1
    }

    private func reap(_ options: Int32) {
        status.withLock { status in
            guard status == nil else { return }
            var raw: Int32 = 0
            guard waitpid(pid, &raw, options) == pid else { return }
            status = raw & 0x7f == 0 ? (raw >> 8) & 0xff : 128 + (raw & 0x7f)
        }
    }
}

public struct ChildFailure: Error, CustomStringConvertible {
    public let what: String
    public init(what: String) { self.what = what }
    public var description: String { what }
}

/// Runs a program to its end. Throws with its output when it fails.
@discardableResult
public func runProcess(
    _ arguments: [String], environment: [String: String] = [:], within timeout: Duration = .seconds(60)
) async throws -> String {
    let child = try ChildProcess(arguments, environment: environment)
    let code = try await child.wait(within: timeout)
    guard code == 0 else {
        throw ChildFailure(what: "\(arguments.joined(separator: " ")) ended with \(code): \(child.output)")
    }
    return child.output
}

/// The Python of the test environment, `.venv` in the root of the repository.
public enum PythonTool {
    public static let repository = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
        .deletingLastPathComponent().path
    public static let interpreter = "\(repository)/.venv/bin/python3"

    /// Starts a script or module: `start(["-m", "aiosmtpd", …])`.
    public static func start(_ arguments: [String], environment: [String: String] = [:]) throws -> ChildProcess {
        guard access(interpreter, X_OK) == 0 else {
            throw ChildFailure(what: "\(interpreter) is missing; run Deploy/test, which makes it from Tests/requirements.txt")
        }
        return try ChildProcess(
            [interpreter, "-u"] + arguments, environment: environment.merging(["PYTHONUNBUFFERED": "1"]) { ours, _ in ours })
    }
}
