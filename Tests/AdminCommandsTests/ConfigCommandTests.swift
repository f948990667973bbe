import Foundation
import TestSupport
import Testing

@Suite("config and migrate, by the real binary", .serialized, .scratchDatabase)
struct ConfigCommandTests {
    /// A copy of Config/ that a test may spoil.
    private func copy() throws -> String {
        let path = "/tmp/config-\(UInt64.random(in: 0...UInt64.max))"
        try FileManager.default.copyItem(atPath: MartletBinary.config, toPath: path)
        return path
    }

    private func edit(_ path: String, _ old: String, _ new: String) throws {
        let text = try String(contentsOfFile: path, encoding: .utf8)
        #expect(text.contains(old))
        try text.replacing(old, with: new).write(toFile: path, atomically: true, encoding: .utf8)
    }

    @Test("the shipped configuration is valid without a database")
    func valid() async throws {
        let run = try await MartletBinary(conninfo: "host=/nowhere").run(["config", "validate", "--config", MartletBinary.config])
        #expect(run.code == 0, "\(run.output)")
    }

    @Test("every mistake is named with file, line and field, over all files at once")
    func problems() async throws {
        let directory = try copy()
        defer { try? FileManager.default.removeItem(atPath: directory) }  // a copy left behind in /tmp does no harm
        try edit(directory + "/policy/classes.yaml", "lane: 0", "lane: 9")
        try edit(directory + "/templates/login-code/en.sms.mustache", "{{code}}", "{{code")
        try edit(directory + "/policy/routes.yaml", "provider: sandbox-sms", "provider: nobody")
        let run = try await MartletBinary(conninfo: "").run(["config", "validate", "--config", directory])
        #expect(run.code == 65)
        #expect(run.output.contains("\(directory)/policy/classes.yaml:7:11: classes.otp.lane"), "\(run.output)")
        #expect(run.output.contains("\(directory)/policy/routes.yaml:5:"), "\(run.output)")
        #expect(run.output.contains("\(directory)/templates/login-code/en.sms.mustache:4:"), "\(run.output)")
    }

    @Test("an option that the transport does not know is named with its line")
    func transport() async throws {
        let directory = try copy()
        defer { try? FileManager.default.removeItem(atPath: directory) }  // as above
        let path = directory + "/policy/providers.yaml"
        try edit(path, "outbox: .martlet/email.jsonl", "outbox: .martlet/email.jsonl\n      outbx: x")
        let lines = try String(contentsOfFile: path, encoding: .utf8).split(separator: "\n", omittingEmptySubsequences: false)
        let line = try #require(lines.firstIndex { $0.contains("outbx") }) + 1
        let run = try await MartletBinary(conninfo: "").run(["config", "validate", "--config", directory])
        #expect(run.code == 65)
        #expect(run.output.contains("providers.yaml:\(line): providers.sandbox-email.options.outbx"), "\(run.output)")
    }

    @Test(
        "a key that is there and cannot be used is refused with its line, by validate and apply; one that this machine does not have is a warning"
    )
    func keys() async throws {
        let directory = try copy()
        defer { try? FileManager.default.removeItem(atPath: directory) }  // as above
        let path = directory + "/policy/providers.yaml"
        let key = directory + "/key.pem"
        try "this is no key".write(toFile: key, atomically: true, encoding: .utf8)
        let provider = """

              mailhub:
                transport: smtp
                channels: [email]
                options:
                  host: mail.example.com
                  user: shop
                  password_file: \(directory)/not-here
                  dkim: example.com s1 \(key)

            """
        try (String(contentsOfFile: path, encoding: .utf8) + provider).write(toFile: path, atomically: true, encoding: .utf8)
        let lines = try String(contentsOfFile: path, encoding: .utf8).split(separator: "\n", omittingEmptySubsequences: false)
        let line = try #require(lines.firstIndex { $0.contains("dkim: example.com s1") }) + 1
        for command in ["validate", "apply"] {
            let run = try await MartletBinary(conninfo: "host=/nowhere").run(["config", command, "--config", directory])
            #expect(run.code == 65, "\(run.output)")
            #expect(run.output.contains("providers.yaml:\(line): providers.mailhub.options.dkim"), "\(run.output)")
            #expect(!run.output.contains("providers.mailhub.options.password_file"), "\(run.output)")
        }
        try FileManager.default.removeItem(atPath: key)
        let elsewhere = try await MartletBinary(conninfo: "").run(["config", "validate", "--config", directory])
        #expect(elsewhere.code == 0, "\(elsewhere.output)")
        for file in ["not-here", "key.pem"] {
            let warning = elsewhere.output.split(separator: "\n").contains { $0.hasPrefix("warning: ") && $0.contains(file) }
            #expect(warning, "\(elsewhere.output)")
        }
    }

    @Test("a command meets a database without schema with 78, and applies after migrate up; the same again stores nothing")
    func applyRoundTrip() async throws {
        let martlet = try MartletBinary.here()
        let early = try await martlet.run(["config", "show"])
        #expect(early.code == 78)
        #expect(early.output.contains("martlet migrate up"))
        #expect(try await martlet.run(["migrate", "validate"]).code == 78)
        let dry = try await martlet.json(["migrate", "dry-run"])
        #expect((dry["applied"] as? [String])?.first == "0001_create_roles_and_schemas.sql")
        #expect(try await martlet.run(["migrate", "up"]).code == 0)
        #expect(try await martlet.run(["migrate", "validate"]).code == 0)

        #expect(try await martlet.run(["config", "show"]).code == 1)
        let dryApply = try await martlet.json(["config", "apply", "--config", MartletBinary.config, "--dry-run"])
        #expect(dryApply["changed"] as? Bool == true)
        #expect(try await martlet.run(["config", "show"]).code == 1, "a dry run stores nothing")
        let first = try await martlet.json(["config", "apply", "--config", MartletBinary.config, "--note", "first"])
        #expect(first["version"] as? Int == 1)
        #expect((first["templates"] as? [Any])?.count == 64)
        let again = try await martlet.json(["config", "apply", "--config", MartletBinary.config])
        #expect(again["changed"] as? Bool == false)
        let shown = try await martlet.json(["config", "show", "--file", "caps.yaml"])
        let caps = try String(contentsOfFile: MartletBinary.config + "/policy/caps.yaml", encoding: .utf8)
        #expect(shown["text"] as? String == caps)
        #expect(
            try await Owner().count("select count(*) from martlet.audit where action = 'apply_config' and why = 'first'") == 1)

        // A class that goes is retired, and that is asked first.
        let directory = try copy()
        defer { try? FileManager.default.removeItem(atPath: directory) }  // as above
        for file in ["classes", "caps", "keywords"] { try edit(directory + "/policy/\(file).yaml", "marketing", "promotion") }
        let refused = try await martlet.run(["config", "apply", "--config", directory])
        #expect(refused.code == 75)
        #expect(refused.output.contains("retires class: marketing"))
        let second = try await martlet.json(["config", "apply", "--config", directory, "--yes"])
        #expect(second["version"] as? Int == 2)
        #expect(
            try await Owner().count(
                "select count(*) from martlet_data.classes where name = 'marketing' and retired_at is not null") == 1)
    }

    @Test("a server that is not there is 69, and an unknown flag is 64")
    func unavailable() async throws {
        let run = try await MartletBinary(conninfo: "host=127.0.0.1 port=1 dbname=x connect_timeout=1").run(["migrate", "status"])
        #expect(run.code == 69, "\(run.output)")
        #expect(try await MartletBinary(conninfo: "").run(["lanes", "--colour"]).code == 64)
    }
}
