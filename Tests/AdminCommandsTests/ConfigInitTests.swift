import Foundation
import TestSupport
import Testing

@Suite("martlet config init")
struct ConfigInitTests {
    private func martlet(_ arguments: [String]) async throws -> (code: Int32, output: String) {
        let child = try ChildProcess(["\(PythonTool.repository)/.build/debug/martlet"] + arguments)
        return (try await child.wait(), child.output)
    }

    @Test("it writes a policy that is valid, and leaves alone what is there")
    func writes() async throws {
        let directory = FileManager.default.temporaryDirectory.appending(path: "init-\(UUID().uuidString)")
        defer { removeTree(directory) }
        let from = ["--from", "\(PythonTool.repository)/Config"]
        let first = try await martlet(["config", "init", directory.path] + from)
        #expect(first.code == 0, "\(first.output)")
        #expect(first.output.contains("martlet config apply --config \(directory.path)"))
        let valid = try await martlet(["config", "validate", "--config", directory.path])
        #expect(valid.code == 0, "\(valid.output)")
        for name in ["worker.yaml", "gateway.yaml", "policy/classes.yaml", "templates/login-code/en.sms.mustache"] {
            #expect(FileManager.default.fileExists(atPath: directory.appending(path: name).path), "\(name)")
        }
        let mine = directory.appending(path: "policy/classes.yaml")
        try Data("mine".utf8).write(to: mine)
        try FileManager.default.removeItem(at: directory.appending(path: "worker.yaml"))
        let second = try await martlet(["config", "init", directory.path] + from)
        #expect(second.code == 0 && second.output.contains("1 files written"), "\(second.output)")
        #expect(try String(contentsOf: mine, encoding: .utf8) == "mine")
    }

    @Test("without examples it says where it looked")
    func noExamples() async throws {
        let answer = try await martlet(["config", "init", "/tmp/x", "--from", "/nowhere"])
        #expect(answer.code == 65)
        #expect(answer.output.contains("there are no examples in /nowhere"), "\(answer.output)")
    }

    private func removeTree(_ url: URL) {
        do { try FileManager.default.removeItem(at: url) } catch {
            // Nothing was written.
        }
    }
}
