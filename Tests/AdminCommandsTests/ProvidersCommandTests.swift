import Foundation
import TestSupport
import Testing

@Suite("providers test, by the real binary", .serialized, .scratchDatabase { try await MartletBinary.applied() })
struct ProvidersCommandTests {
    /// A copy of Config/ with one more provider without a server.
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
        defer { try? FileManager.default.removeItem(atPath: directory) }  // a copy left behind in /tmp does no harm
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
        defer { try? FileManager.default.removeItem(atPath: directory) }  // a copy left behind in /tmp does no harm
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

    @Test(
        "a provider is paused, moved and resumed, and listed with who and why; what cannot be is refused with the names there are"
    )
    func orders() async throws {
        let martlet = try MartletBinary.here()
        let nobody = try await martlet.run(["providers", "pause", "nobody", "--why", "x"])
        #expect(nobody.code == 2 && nobody.output.contains("Known: sandbox-email, sandbox-sms"), "\(nobody.output)")
        let typo = try await martlet.run(["providers", "pause", "sandbox-smss", "--why", "x"])
        #expect(typo.code == 2 && typo.output.contains("Did you mean sandbox-sms?"), "\(typo.output)")
        let other = try await martlet.run(["providers", "move", "sandbox-sms", "--to", "sandbox-email", "--why", "x"])
        #expect(other.code == 2 && other.output.contains("does not carry all channels"), "\(other.output)")
        #expect(try await martlet.run(["providers", "pause", "sandbox-sms", "--why", "wrong sender"]).code == 0)
        let listed = try await martlet.run(["providers"])
        #expect(listed.output.contains("paused") && listed.output.contains("wrong sender"), "\(listed.output)")
        #expect(listed.output.contains("sandbox-email"), "unused ones are listed too")
        #expect(try await martlet.json(["providers", "drain", "sandbox-sms", "--why", "x"])["state"] as? String == "draining")
        #expect(try await martlet.json(["providers", "resume", "sandbox-sms", "--why", "x"])["state"] as? String == "in use")
        #expect(
            try await Owner().count("select count(*) from martlet.audit where object = 'sandbox-sms' and why = 'wrong sender'")
                == 1)
    }

    @Test("a dry run of a policy says how many waiting messages would change provider")
    func dryRun() async throws {
        let martlet = try MartletBinary.here()
        let owner = try await Owner()
        for number in 1...3 { _ = try await owner.enqueue("+44770090000\(number)") }
        let directory = try copy()
        defer { try? FileManager.default.removeItem(atPath: directory) }  // a copy left behind in /tmp does no harm
        let same = try await martlet.run(["config", "apply", "--config", directory, "--dry-run"])
        #expect(same.output.contains("routes: none of 3 waiting messages would change provider"), "\(same.output)")
        let providers = directory + "/policy/providers.yaml"
        let text = try String(contentsOfFile: providers, encoding: .utf8)
        let more = "\n  second:\n    transport: sandbox\n    channels: [sms]\n    options:\n      outbox: none\n"
        try (text + more).write(toFile: providers, atomically: true, encoding: .utf8)
        let routes = directory + "/policy/routes.yaml"
        let changed = try String(contentsOfFile: routes, encoding: .utf8).replacing(
            "provider: sandbox-sms", with: "provider: second")
        try changed.write(toFile: routes, atomically: true, encoding: .utf8)
        let dry = try await martlet.json(["config", "apply", "--config", directory, "--dry-run"])
        let moves = (dry["routes"] as? [String: Any])?["moves"] as? [[String: Any]]
        #expect(moves?.count == 1 && moves?[0]["to"] as? String == "second" && moves?[0]["messages"] as? Int == 3, "\(dry)")
    }
}
