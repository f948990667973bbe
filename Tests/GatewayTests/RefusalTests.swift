import Foundation
import PipelineSupport
import TestSupport
import Testing

extension Gateways {
    @Suite("What is not from a provider is refused, and leaves nothing", .timeLimit(.minutes(5)))
    struct RefusalTests {
        @Test("a wrong, missing or foreign signature is 403, an unknown provider or path 404, a body over the limit 413")
        func refused() async throws {
            try await GatewayShop.with(["twilio-sms.yaml", "vonage-sms.yaml", "infobip-sms.yaml"]) { bench in
                let gateway = try await GatewayProgram.start(in: bench.shop)
                let message = try await bench.accepted(by: "twilio", to: "+447700900001")
                let target = "/callbacks/twilio/\(message)/1"
                let pairs = ["MessageSid=SM1", "MessageStatus=delivered", "To=+447700900001"]
                let url = GatewayProgram.publicURL + target
                let right = try await GatewayShop.twilioSignature(url, pairs)
                func twilio(_ target: String, _ pairs: [String], _ signature: String?) async throws -> Int {
                    try await gateway.form(target, pairs, signature.map { ["-H", "X-Twilio-Signature: \($0)"] } ?? [])
                }
                #expect(try await twilio(target, pairs, nil) == 403)
                #expect(try await twilio(target, pairs, "") == 403)
                #expect(try await twilio(target, pairs, "A" + right.dropFirst()) == 403)
                #expect(try await twilio(target, pairs + ["ErrorCode=1"], right) == 403)
                #expect(try await twilio("/callbacks/twilio/\(message)/2", pairs, right) == 403)
                #expect(try await twilio(target + "?a=b", pairs, right) == 403)
                let wrongToken = try await GatewayShop.twilioSignature(url, pairs, token: "another-token-of-somebody")
                #expect(try await twilio(target, pairs, wrongToken) == 403)
                #expect(
                    try await gateway.request("/callbacks/vonage?key=wrong&status=delivered&client-ref=\(message).1").status
                        == 403)
                #expect(try await gateway.request("/callbacks/vonage?status=delivered&client-ref=\(message).1").status == 403)
                for path in [
                    "/callbacks/nobody", "/callbacks/sandbox", "/callbacks", "/callbacks/twilio/1", "/callbacks/twilio/a/b", "/",
                    "/u/x",
                ] {
                    #expect(try await twilio(path, pairs, right) == 404, "\(path)")
                }
                #expect(try await gateway.request("/callbacks/vonage?key=\(GatewayShop.secret)", ["-X", "DELETE"]).status == 405)
                #expect(try await gateway.json("/callbacks/infobip?key=\(GatewayShop.secret)", "{\"results\": [") == 400)
                try String(repeating: "a", count: (1 << 20) + 1).write(
                    toFile: "\(bench.directory)/large", atomically: true, encoding: .utf8)
                for header in ["Content-Type: text/plain", "Transfer-Encoding: chunked"] {
                    let answer = try await gateway.request(
                        "/callbacks/infobip?key=\(GatewayShop.secret)",
                        ["-H", header, "--data-binary", "@\(bench.directory)/large"])
                    #expect(answer.status == 413)
                }
                #expect(try await bench.traces() == [0, 0, 0, 0])
                #expect(try await bench.state(message) == "accepted")
                // The other way round: nothing of this is refused because something before it was.
                #expect(try await twilio(target, pairs, right) == 200)
                #expect(try await bench.state(message) == "delivered")
                #expect(!gateway.process.output.contains(GatewayShop.secret), "a secret is in the log")
                let metrics = try await gateway.metrics()
                #expect(metrics.contains(#"martlet_callbacks_total{provider="twilio",result="forged"} 7"#), "\(metrics)")
                try await gateway.stop()
            }
        }

        @Test("a provider speaks of its own hand-overs only; what it says of others', or of none, is kept and moves nothing")
        func foreign() async throws {
            try await GatewayShop.with(["vonage-sms.yaml", "infobip-sms.yaml"]) { bench in
                let gateway = try await GatewayProgram.start(in: bench.shop)
                let message = try await bench.accepted(by: "infobip", to: "+447700900001")
                let key = "/callbacks/vonage?key=\(GatewayShop.secret)&status=delivered&client-ref="
                for reference in ["\(message).1", "\(message).2", "77.1"] {
                    #expect(try await gateway.request(key + reference).status == 200)
                }
                #expect(try await bench.state(message) == "accepted")
                #expect(try await bench.traces() == [0, 3, 0, 0])
                try await gateway.stop()
            }
        }

        @Test("a receipt that has no name of ours is matched by the provider's id, and kept when it comes before the answer")
        func byID() async throws {
            try await GatewayShop.with(["vonage-sms.yaml"]) { bench in
                let gateway = try await GatewayProgram.start(in: bench.shop)
                let message = try await bench.accepted(by: "vonage", to: "+447700900001", id: "0A0000001234567B")
                let key = "/callbacks/vonage?key=\(GatewayShop.secret)&msisdn=447700900001&status=delivered&messageId="
                #expect(try await gateway.request(key + "0A0000001234567B").status == 200)
                #expect(try await gateway.request(key + "0A0000001234567C").status == 200)
                #expect(try await bench.state(message) == "delivered")
                #expect(
                    try await bench.shop.texts("select reason || ' ' || (next_try is not null) from martlet_data.provider_events")
                        == ["no_match true"])
                try await gateway.stop()
            }
        }

        @Test("a receipt that names its hand-over counts before the answer is written down, and is tried again then")
        func early() async throws {
            try await GatewayShop.with(["vonage-sms.yaml"]) { bench in
                let gateway = try await GatewayProgram.start(in: bench.shop)
                let message = try await bench.accepted(by: "vonage", to: "+447700900001")
                try await bench.shop.script(
                    "delete from martlet_data.receipts where message_id = \(message) and kind = 'accepted'")
                let target = "/callbacks/vonage?key=\(GatewayShop.secret)&status=delivered&client-ref=\(message).1"
                for _ in 0..<2 { #expect(try await gateway.request(target).status == 200) }
                #expect(try await bench.state(message) == "delivered")
                #expect(
                    try await bench.shop.texts(
                        "select distinct reason || ' ' || (next_try is not null) from martlet_data.provider_events")
                        == ["no_outcome true"])
                try await gateway.stop()
            }
        }

        @Test("a secret's file that is gone makes 503 of that provider's callbacks, until it is there again; the others go on")
        func secretGone() async throws {
            try await GatewayShop.with(["vonage-sms.yaml", "infobip-sms.yaml"]) { bench in
                let gateway = try await GatewayProgram.start(in: bench.shop)
                let message = try await bench.accepted(by: "vonage", to: "+447700900001")
                let file = "\(bench.directory)/vonage.callback"
                try FileManager.default.moveItem(atPath: file, toPath: file + ".away")
                let target = "/callbacks/vonage?key=\(GatewayShop.secret)&status=delivered&client-ref=\(message).1"
                try await eventually(within: .seconds(10), poll: .milliseconds(200), "it is missed") {
                    let answer = try await gateway.request(target)
                    return answer.status == 503 && answer.headers["retry-after"] != nil
                }
                #expect(try await gateway.json("/callbacks/infobip?key=\(GatewayShop.secret)", "{\"results\": []}") == 200)
                try "brand-new-secret-of-vonage\n".write(toFile: file, atomically: true, encoding: .utf8)
                try await eventually(within: .seconds(10), poll: .milliseconds(200), "the new one counts") {
                    try await gateway.request(target.replacing(GatewayShop.secret, with: "brand-new-secret-of-vonage")).status
                        == 200
                }
                #expect(try await gateway.request(target).status == 403)
                try await gateway.stop()
            }
        }

        @Test("a schema that is too old is refused with 78, a setting that is none with 64 or 78")
        func misfit() async throws {
            let empty = try await ScratchDatabase.create()
            let old = try ChildProcess(
                [GatewayProgram.path, "--health", "off", "--listen", "127.0.0.1:0"],
                environment: ["MARTLET_DATABASE_URL": empty.conninfo])
            #expect(try await old.wait() == 78, "\(old.output)")
            #expect(old.output.contains("martlet migrate up"), "\(old.output)")
            try await empty.drop()
            let wrong = try ChildProcess([GatewayProgram.path, "--public-url", "hooks.example.com/"])
            #expect(try await wrong.wait() == 78, "\(wrong.output)")
            #expect(wrong.output.contains("https://hooks.example.com"), "\(wrong.output)")
        }
    }
}
