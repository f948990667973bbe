import Foundation
import PipelineSupport
import TestSupport
import Testing

extension Gateways {
    @Suite("A provider leaves the policy while its messages are on their way", .timeLimit(.minutes(5)))
    struct RetiredProviderTests {
        private static func receipt(_ message: Int64, _ status: String = "delivered") -> String {
            "/callbacks/vonage?key=\(GatewayShop.secret)&msisdn=447700900001&status=\(status)&client-ref=\(message).1"
        }

        @Test("its callbacks are taken with the secrets it had, also by a gateway that starts later; its texts still opt out")
        func retired() async throws {
            try await GatewayShop.with(["vonage-sms.yaml"]) { bench in
                let gateway = try await GatewayProgram.start(in: bench.shop)
                let first = try await bench.accepted(by: "vonage", to: "+447700900001")
                let second = try await bench.accepted(by: "vonage", to: "+447700900001")
                let third = try await bench.accepted(by: "vonage", to: "+447700900001", id: "0A0000001234567B")
                #expect(try await gateway.request("/callbacks/vonage?key=wrong").status == 403)
                try await bench.shop.apply(ShopPolicy())
                try await eventually(within: .seconds(10), poll: .milliseconds(50), "the new policy is read") {
                    try await gateway.metrics().contains("martlet") && gateway.process.output.contains("working")
                }
                #expect(try await gateway.request(Self.receipt(first)).status == 200)
                #expect(try await bench.state(first) == "delivered")
                #expect(
                    try await gateway.request(Self.receipt(second).replacing(GatewayShop.secret, with: "some-secret-of-nobody"))
                        .status == 403)
                // One that starts now reads of it in the policy before.
                let later = try await GatewayProgram.start(in: bench.shop)
                #expect(try await later.request(Self.receipt(second)).status == 200)
                #expect(
                    try await later.request(
                        "/callbacks/vonage?key=\(GatewayShop.older)&msisdn=447700900001&status=failed&messageId=0A0000001234567B"
                    ).status == 200)
                #expect(try await bench.state(second) == "delivered")
                #expect(try await bench.state(third).hasPrefix("undelivered"))
                #expect(
                    try await later.request("/callbacks/vonage?key=\(GatewayShop.secret)&msisdn=447700900009&to=1&text=STOP")
                        .status == 200)
                #expect(try await bench.shop.texts("select address from martlet_data.suppressions") == ["+447700900009"])
                try await later.stop()
                // Who had read the secrets keeps them when their file goes, too.
                try FileManager.default.removeItem(atPath: "\(bench.directory)/vonage.callback")
                let last = try await bench.accepted(by: "vonage", to: "+447700900001")
                for _ in 0..<3 { #expect(try await gateway.request(Self.receipt(last)).status == 200) }
                #expect(try await bench.state(last) == "delivered")
                try await gateway.stop()
            }
        }

        @Test("three days after it left no gateway knows it any more, unless its receipts may come later")
        func forgotten() async throws {
            let change: GatewayShop.Change = { policy, _ in
                policy.moreProviders = policy.moreProviders.replacing(
                    "  infobip:\n    transport: http\n", with: "  infobip:\n    transport: http\n    receipt_within: 5d\n")
            }
            try await GatewayShop.with(["vonage-sms.yaml", "infobip-sms.yaml"], change: change) { bench in
                try await bench.shop.apply(ShopPolicy())
                try await bench.shop.script(
                    "update martlet_data.policies set applied_at = applied_at - interval '4 days'")
                let gateway = try await GatewayProgram.start(in: bench.shop)
                let message = try await bench.accepted(by: "vonage", to: "+447700900001")
                #expect(try await gateway.request(Self.receipt(message)).status == 404)
                #expect(try await gateway.json("/callbacks/infobip?key=\(GatewayShop.secret)", #"{"results": []}"#) == 200)
                try await gateway.stop()
            }
        }
    }
}
