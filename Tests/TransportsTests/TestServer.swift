import Foundation
import ProviderSupport
import Testing

#if canImport(Glibc)
    import Glibc
#endif

extension Programs {
    /// A loopback port that was free a moment ago.
    static func freePort() throws -> Int {
        let descriptor = socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
        defer { close(descriptor) }
        var address = sockaddr_in()
        address.sin_family = sa_family_t(AF_INET)
        address.sin_addr.s_addr = inet_addr("127.0.0.1")
        var size = socklen_t(MemoryLayout<sockaddr_in>.size)
        let bound = withUnsafeMutablePointer(to: &address) {
            $0.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                bind(descriptor, $0, size) == 0 && getsockname(descriptor, $0, &size) == 0
            }
        }
        try #require(bound)
        return Int(UInt16(bigEndian: address.sin_port))
    }

    static func accepts(port: Int) -> Bool {
        let descriptor = socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
        defer { close(descriptor) }
        var address = sockaddr_in()
        address.sin_family = sa_family_t(AF_INET)
        address.sin_addr.s_addr = inet_addr("127.0.0.1")
        address.sin_port = UInt16(port).bigEndian
        return withUnsafePointer(to: &address) {
            $0.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                connect(descriptor, $0, socklen_t(MemoryLayout<sockaddr_in>.size)) == 0
            }
        }
    }
}

/// A server that a test started; it ends with the test, by its own process id.
final class TestServer {
    let port: Int
    let directory: URL
    private let process = Process()

    /// `arguments` gets the port and a scratch directory. Returns when the port accepts connections.
    init(_ executable: URL, port: Int? = nil, arguments: (Int, URL) -> [String]) async throws {
        self.port = try port ?? Programs.freePort()
        directory = FileManager.default.temporaryDirectory.appending(path: "server-\(UUID().uuidString)")
        try FileManager.default.createDirectory(at: directory, withIntermediateDirectories: true)
        let log = directory.appending(path: "log")
        try Data().write(to: log)
        process.executableURL = executable
        process.arguments = arguments(self.port, directory)
        process.standardOutput = try FileHandle(forWritingTo: log)
        process.standardError = process.standardOutput
        process.standardInput = FileHandle.nullDevice
        try process.run()
        let limit = ContinuousClock.now + .seconds(20)
        while !Programs.accepts(port: self.port) {
            let text = String(decoding: try Data(contentsOf: log), as: UTF8.self)
            try #require(process.isRunning && .now < limit, "\(executable.path) does not listen: \(text)")
            try await Task.sleep(for: .milliseconds(20))
        }
    }

    /// What it has printed so far.
    func log() throws -> String { String(decoding: try Data(contentsOf: directory.appending(path: "log")), as: UTF8.self) }

    func stop() {
        guard process.isRunning else { return }
        kill(process.processIdentifier, SIGKILL)
        process.waitUntilExit()
    }

    deinit {
        stop()
        Programs.discard { try FileManager.default.removeItem(at: directory) }
    }

    /// postfix's sink, with flags for its faults.
    static func sink(_ flags: String..., port: Int? = nil) async throws -> TestServer {
        let user = getuid() == 0 ? ["-u", "nobody"] : []
        return try await TestServer(Programs.find("smtp-sink"), port: port) { port, _ in
            user + flags + ["127.0.0.1:\(port)", "100"]
        }
    }
}
