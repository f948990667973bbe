import Domain
import Foundation
import ProviderSupport
import Testing

@testable import Callbacks

@Suite("Callbacks from hostile senders")
struct CallbackFuzzTests {
    @Test(
        "random and mutated bodies, queries and signatures neither crash nor say anything about a message that they do not name")
    func fuzz() throws {
        var random = SystemRandomNumberGenerator()
        let file = try SecretFile("0123456789abcdef-secret")
        let json = try ProviderExamples.local("whatsapp-cloud.yaml", port: 1, secret: file.path)
        let form = try ProviderExamples.local("vonage-sms.yaml", port: 1, secret: file.path)
        let seeds = [
            #"{"entry":[{"changes":[{"value":{"statuses":[{"id":"w","status":"read","biz_opaque_callback_data":"7.1"}]}}]}]}"#,
            #"[{"entry":null},[],{"entry":{"changes":[[{"value":{"messages":[{"from":"1","text":{"body":"a"}}]}}]]}}]"#,
            "msisdn=1&status=delivered&client-ref=7.1&text=%F0%9F%98%80&&=&a", "%", "%%%1&%4", "[[[[[[[[",
        ]
        for provider in [json, form] {
            guard case .rules(let rules)? = try ProviderCallbacks.options(provider)?.reader else {
                Issue.record("it reads by no rules")
                return
            }
            let callbacks = try #require(try ProviderCallbacks(provider))
            for _ in 0..<4000 {
                var body = Array((seeds.randomElement(using: &random) ?? "").utf8)
                for _ in 0..<Int.random(in: 0...4) where !body.isEmpty {
                    let at = Int.random(in: 0..<body.count)
                    switch Int.random(in: 0...2) {
                    case 0: body[at] = UInt8.random(in: 0...255)
                    case 1: body.remove(at: at)
                    default: body.insert(contentsOf: body.prefix(at), at: at)
                    }
                }
                let text = String(decoding: body, as: UTF8.self)
                let target = "/callbacks/p?\(text)"
                let request = CallbackRequest(
                    method: Bool.random() ? "POST" : "GET", target: target, publicURL: "https://h", body: body,
                    header: { _ in text })
                if case .events = callbacks.read(request) { Issue.record("this was taken for genuine: \(text)") }
                do {
                    for case .receipt(let receipt) in try rules.read(request, provider: "p") {
                        if let named = receipt.handOver { #expect(named.messageID.rawValue > 0 && named.attempt > 0) }
                    }
                } catch {
                    continue  // unreadable, and said so
                }
            }
        }
    }
}
