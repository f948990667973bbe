import Foundation
import PipelineSupport
import TestSupport
import Testing

extension Gateways {
    @Suite("Callbacks as large as providers send them, and the answers that they want", .timeLimit(.minutes(5)))
    struct LargeCallbackTests {
        @Test("each provider has its own limit, a body of up to it is read whole, and its answer is what the policy says")
        func large() async throws {
            let change: GatewayShop.Change = { policy, _ in
                policy.moreProviders = policy.moreProviders.replacing(
                    "      callback_auth: token query:key\n",
                    with:
                        "      callback_auth: token query:key\n      callback_maximum_body: 2MB\n      callback_answer: '{\"code\":0,\"msg\":\"ok\"}'\n"
                )
            }
            try await GatewayShop.with(["infobip-sms.yaml"], change: change) { bench in
                let gateway = try await GatewayProgram.start(in: bench.shop)
                let message = try await bench.accepted(by: "infobip", to: "+385911234567")
                func post(_ octets: Int) async throws -> GatewayProgram.Answer {
                    let last =
                        #"{"messageId":"x","to":"385911234567","callbackData":"\#(message).1","status":{"groupName":"DELIVERED"}}]}"#
                    let one = #"{"messageId":"y","to":"385911234567","note":"\#(String(repeating: "n", count: 900))"},"#
                    var body = #"{"results":["#
                    while body.utf8.count + one.utf8.count + last.utf8.count <= octets { body += one }
                    body += String(repeating: " ", count: octets - body.utf8.count - last.utf8.count) + last
                    try body.write(toFile: "\(bench.directory)/large", atomically: true, encoding: .utf8)
                    return try await gateway.request(
                        "/callbacks/infobip?key=\(GatewayShop.secret)",
                        ["-H", "Content-Type: application/json", "--data-binary", "@\(bench.directory)/large"])
                }
                #expect(try await post((2 << 20) + 1).status == 413)
                #expect(try await bench.state(message) == "accepted")
                let answer = try await post(2 << 20)
                #expect(answer.status == 200 && answer.body == #"{"code":0,"msg":"ok"}"#)
                #expect(answer.headers["content-type"]?.hasPrefix("application/json") == true)
                #expect(try await bench.state(message) == "delivered")
                // Also for what says nothing.
                let nothing = try await gateway.request("/callbacks/infobip?key=\(GatewayShop.secret)", ["-d", "{}"])
                #expect(nothing.status == 200 && nothing.body == answer.body)
                try await gateway.stop()
            }
        }
    }
}
