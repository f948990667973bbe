import Foundation
import Glibc
import TestSupport

/// The real worker, as `swift build` left it, at work in a shop.
public struct WorkerProgram: Sendable {
    public static let path = "\(PythonTool.repository)/.build/debug/martlet-worker"

    /// Starts a worker with short settings; `settings` such as `worker.lease=8s` come on top.
    public static func start(
        in shop: Shop, name: String = "w", failpoint: String? = nil, settings: [String] = [], arguments: [String] = [],
        url: String? = nil
    ) throws -> ChildProcess {
        let standard = [
            "worker.heartbeat=500ms", "worker.lease=30s", "worker.wake_poll=10ms", "worker.policy_poll=200ms",
            "worker.drain_grace=5s",
            "worker.health=off",
        ]
        var environment = ["MARTLET_DATABASE_URL": url ?? shop.scratch.conninfo, "MARTLET_FAILPOINT": failpoint ?? ""]
        environment["MARTLET_WORKER_NAME"] = name
        return try ChildProcess(
            [path] + (standard + settings).flatMap { ["--set", $0] } + arguments, environment: environment)
    }
}

extension ChildProcess {
    /// True while the kernel holds it stopped (SIGSTOP).
    public var isStopped: Bool {
        guard let stat = FileManager.default.contents(atPath: "/proc/\(pid)/stat") else { return false }
        return String(decoding: stat, as: UTF8.self).split(separator: ")").last?.hasPrefix(" T") == true
    }

    /// SIGTERM, and its exit code.
    public func terminate(within timeout: Duration = .seconds(20)) async throws -> Int32 {
        kill(SIGTERM)
        return try await wait(within: timeout)
    }
}
