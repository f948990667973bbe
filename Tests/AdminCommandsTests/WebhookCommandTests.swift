import Foundation
import Postgres
import TestSupport
import Testing

@Suite("webhooks.yaml, by the real binary", .serialized, .scratchDatabase)
struct WebhookCommandTests {
    private static func directory(_ webhooks: String) throws -> String {
        let path = "/tmp/config-\(UInt64.random(in: 0...UInt64.max))"
        try FileManager.default.copyItem(atPath: MartletBinary.config, toPath: path)
        try webhooks.write(toFile: path + "/policy/webhooks.yaml", atomically: true, encoding: .utf8)
        return path
    }

    private static let endpoint = """
        endpoints:
          shop:
            url: https://shop.example.com/events
            secret_file: /etc/martlet/webhook
            events: [consent.changed]

        """

    @Test("webhooks.yaml alone makes events: class, channel, template and endpoint come with it, and go with it")
    func apply() async throws {
        let directory = try Self.directory(Self.endpoint)
        defer { try? FileManager.default.removeItem(atPath: directory) }  // a copy left behind in /tmp does no harm
        let martlet = try MartletBinary.here()
        #expect(try await martlet.run(["migrate", "up"]).code == 0)
        let apply = ["config", "apply", "--config", directory, "--no-templates", "--yes"]
        let first = try await martlet.run(apply)
        #expect(first.code == 0 && first.output.contains("webhook"), "\(first.output)")
        let connection = try await ScratchDatabase.required().connect()
        let consent = "select martlet.record_consent('ann', 'sms', 'marketing', 'granted', 'form')"
        let events =
            "select count(*) from martlet.message_status where class = 'webhook' and channel = 'webhook' and template = 'webhook'"
        try await connection.execute(script: consent, name: "consent")
        #expect(try await connection.value(events) == "1")
        // It is found and shown as any message is.
        let id = try #require(try await connection.value("select message_id from martlet.message_status"))
        let show = try await martlet.run(["message", "show", id])
        #expect(show.code == 0 && show.output.contains("webhook"), "\(show.output)")
        try "endpoints: {}\n".write(toFile: directory + "/policy/webhooks.yaml", atomically: true, encoding: .utf8)
        let second = try await martlet.run(apply)
        #expect(second.code == 0 && second.output.contains("retires class: webhook"), "\(second.output)")
        try await connection.execute(script: consent, name: "consent")
        #expect(try await connection.value(events) == "1")
        await connection.close()
    }

    @Test("an address that is private and a purpose that is no class are named with file and field")
    func problems() async throws {
        let directory = try Self.directory(Self.endpoint.replacing("https://shop.example.com", with: "https://10.0.0.1"))
        defer { try? FileManager.default.removeItem(atPath: directory) }  // as above
        try "---\nconfirms: marketting\n---\nMay we write to you? YES or NO\n".write(
            toFile: directory + "/templates/win-back/de.sms.mustache", atomically: true, encoding: .utf8)
        let run = try await MartletBinary(conninfo: "").run(["config", "validate", "--config", directory])
        #expect(run.code == 65)
        #expect(run.output.contains("\(directory)/policy/webhooks.yaml:3: endpoints.shop.url"), "\(run.output)")
        #expect(run.output.contains("win-back/de.sms.mustache: confirms: there is no class `marketting`"), "\(run.output)")
    }
}
