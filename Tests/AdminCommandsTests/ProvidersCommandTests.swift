import Foundation
import TestSupport
import Testing

@Suite("providers test, by the real binary", .serialized, .scratchDatabase { try await MartletBinary.applied() })
struct ProvidersCommandTests {
    /// A copy of Config/ with one more provider that nobody listens for.
    private func copy() throws -> String {
        let path = "/tmp/config-\(UInt64.random(in: 0...UInt64.max))"
        try FileManager.default.copyItem(atPath: MartletBinary.config, toPath: path)
        let file = path + "/policy/providers.yaml"
        let lines = [
            "", "  deaf:", "    transport: smtp", "    channels: [email]", "    options:", "      host: 127.0.0.1",
            "      port: 1", "",
        ]
        try
            (String(contentsOfFile: file, encoding: .utf8).replacing(".martlet/sms.jsonl", with: "none")
            + lines.joined(separator: "\n")).write(
                toFile: file, atomically: true, encoding: .utf8)
        return path
    }

    @Test("the sandbox of the stored policy is looked at, and takes a message only when asked")
    func sandbox() async throws {
        let martlet = try MartletBinary.here()
        let look = try await martlet.json(["providers", "test", "sandbox-sms", "--to", "+44 7700 900123"])
        #expect(look["good"] as? Bool == true && look["outcome"] is NSNull)
        let directory = try copy()
        defer { try? FileManager.default.removeItem(atPath: directory) }  // a copy left behind in /tmp harms nobody
        let sent = try await martlet.json([
            "providers", "test", "sandbox-sms", "--config", directory, "--to", "+44 7700 900123", "--send", "--text", "hi",
        ])
        #expect((sent["outcome"] as? [String: Any])?["result"] as? String == "accepted", "\(sent)")
        let people = try await martlet.run(["providers", "test", "sandbox-sms", "--to", "+447700900123"])
        #expect(people.code == 0 && people.output.contains("nothing was sent: add --send"), "\(people.output)")
    }

    @Test("without a database: --config; what is wrong is 1, with its remedy; who is unknown is 1, with the names there are")
    func directory() async throws {
        let directory = try copy()
        defer { try? FileManager.default.removeItem(atPath: directory) }  // a copy left behind in /tmp harms nobody
        let martlet = MartletBinary(conninfo: "host=/nowhere")
        let deaf = try await martlet.run(["providers", "test", "deaf", "--config", directory])
        #expect(
            deaf.code == 1 && deaf.output.contains("nothing listens on this port") && deaf.output.contains("→"), "\(deaf.output)")
        let nobody = try await martlet.run(["providers", "test", "nobody", "--config", directory])
        #expect(nobody.code == 1 && nobody.output.contains("It has deaf, sandbox-email, sandbox-sms."), "\(nobody.output)")
        let wrongChannel = try await martlet.run([
            "providers", "test", "deaf", "--config", directory, "--to", "+447700900123", "--send", "--channel", "sms",
        ])
        #expect(wrongChannel.code == 2 && wrongChannel.output.contains("does not carry sms"), "\(wrongChannel.output)")
        #expect(try await martlet.run(["providers", "test", "deaf", "--send"]).code == 64)
    }
}
