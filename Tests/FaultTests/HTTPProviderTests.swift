import Domain
import Foundation
import PipelineSupport
import Postgres
import TestSupport
import Testing

extension Faults {
    @Suite("A message goes by an HTTP provider, from enqueue to its receipt")
    struct HTTPProviderTests {
        private struct Imitation {
            let process: ChildProcess
            let port: Int

            init() async throws {
                let child = try PythonTool.start([PythonTool.repository + "/Tests/TransportsTests/HTTP/imitations.py", "0"])
                process = child
                try await eventually(within: .seconds(20), "the imitation listens") { child.output.contains("\n") }
                let first = child.output.split(separator: "\n").first ?? ""
                let object = try JSONSerialization.jsonObject(with: Data(first.utf8)) as? [String: Any]
                port = try #require(object?["port"] as? Int)
            }
        }

        @Test(
            "21610 writes a suppression; a channel of its own needs only configuration", .timeLimit(.minutes(3)))
        func twilioAndWhatsApp() async throws {
            let imitation = try await Imitation()
            let secret = "/tmp/http-secret-\(UInt64.random(in: 0...UInt64.max))"
            try "5ecret-of-the-tests\n".write(toFile: secret, atomically: true, encoding: .utf8)
            defer { unlink(secret) }
            let policy = ShopPolicy {
                $0.moreChannels = [Channel(rawValue: "whatsapp")]
                $0.moreRoutes =
                    "  - {provider: whatsapp, channel: whatsapp}\n  - {provider: twilio, channel: sms, prefixes: [\"+1500\"]}\n"
                $0.moreProviders = Self.providers(imitation.port, secret)
            }
            try await Shop.with(policy) { shop in
                try await shop.enqueue("otp", to: "+15005550006")
                try await shop.enqueue("otp", to: "+15005550004")
                let sql = "select martlet.enqueue('otp', 'whatsapp', '+16505551234', 'note', '{\"text\":\"he said \\\"hi\\\"\"}')"
                _ = try await shop.number(sql)
                let worker = try WorkerProgram.start(in: shop)
                try await shop.settle(within: .seconds(60))
                let states = try await shop.states()
                #expect(states["accepted"] == 2 && states.values.reduce(0, +) == 3, "\(states) \(imitation.process.output)")
                #expect(try await shop.texts("select address from martlet_data.suppressions") == ["+15005550004"])
                #expect(imitation.process.output.contains("he said"))
                #expect(try await worker.terminate() == 0)
            }
        }

        private static func providers(_ port: Int, _ secret: String) -> String {
            """
              twilio:
                transport: twilio
                channels: [sms]
                send_within: 5s
                timeout: 5s
                options:
                  base_url: http://127.0.0.1:\(port)
                  allow_private: true
                  in_clear: true
                  account_sid: AC1
                  auth_token_file: \(secret)
              whatsapp:
                transport: http
                channels: [whatsapp]
                send_within: 5s
                timeout: 5s
                options:
                  url: http://127.0.0.1:\(port)/v21.0/1/messages
                  allow_private: true
                  in_clear: true
                  token_file: \(secret)
                  body: |
                    {"messaging_product": "whatsapp", "to": "{to_digits}", "type": "text", "text": {"body": "{text}"}}
                  id: messages[0].id

            """
        }
    }
}
