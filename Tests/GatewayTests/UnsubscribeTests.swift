import Domain
import Foundation
import PipelineSupport
import Store
import TestSupport
import Testing
import Transports

@testable import Callbacks

extension Gateways {
    @Suite("leaving a list by a link", .timeLimit(.minutes(5)))
    struct UnsubscribeTests {
        private static func path(_ message: Int64, _ address: String, _ bench: GatewayShop) throws -> String {
            let secret = try TokenSecret(path: "\(bench.directory)/unsubscribe")
            return "/u/" + UnsubscribeToken(MessageID(message), address: address, secret: secret).text
        }

        @Test("GET shows a page and never unsubscribes; POST does, without cookies or redirect; a queued mailing is not sent")
        func oneClick() async throws {
            try await GatewayShop.with([]) { bench in
                let shop = bench.shop
                let gateway = try await GatewayProgram.start(in: shop)
                let address = "ann@example.com"
                let sent = try await shop.enqueue("marketing", to: address, channel: "email")
                let queued = try await shop.enqueue("marketing", to: address, channel: "email")
                let order = try await shop.enqueue("transactional", to: address, channel: "email")
                let other = try await shop.enqueue("marketing", to: "ben@example.com", channel: "email")
                try await shop.script("delete from martlet_data.ready where message_id = \(sent)")
                try await shop.script("select martlet.record_consent('\(address)', 'email', 'marketing', 'granted', 'form')")
                let path = try Self.path(sent, address, bench)
                for arguments in [[], ["-I"], ["-A", "GoogleImageProxy"], ["-G", "-d", "List-Unsubscribe=One-Click"]] {
                    let page = try await gateway.request(path, arguments)
                    #expect(page.status == 200 && page.headers["content-type"] == "text/html; charset=utf-8", "\(page)")
                    #expect(arguments == ["-I"] || page.body.contains(#"<form method="post">"#))
                    #expect(!page.body.contains(address))
                }
                #expect(try await gateway.request(path, ["-d", "confirm=yes"]).status == 400)
                #expect(try await bench.traces() == [0, 0, 0, 0])
                for _ in 0..<2 {
                    let done = try await gateway.request(path, ["-d", "List-Unsubscribe=One-Click"])
                    #expect(done.status == 200 && done.headers["set-cookie"] == nil && done.headers["location"] == nil)
                }
                #expect(
                    try await gateway.request(
                        path.uppercased().replacing("/U/", with: "/u/"), ["-F", "List-Unsubscribe=One-Click"]
                    ).status == 200)
                #expect(
                    try await shop.texts(
                        "select channel || ' ' || address || ' ' || scope || ' ' || reason from martlet_data.suppressions")
                        == ["email ann@example.com marketing opt_out_link"])
                #expect(
                    try await shop.texts("select status || ' ' || method from martlet_data.consents order by id")
                        == ["granted form", "withdrawn link"])
                let worker = try WorkerProgram.start(in: shop, arguments: ["--until-idle"])
                #expect(try await worker.wait(within: .seconds(60)) == 0, "\(worker.output)")
                #expect(try await bench.state(queued).hasPrefix("suppressed"))
                #expect(try await bench.state(order) == "accepted")
                #expect(try await bench.state(other) == "accepted")
                #expect(try Set(shop.outbox().map(\.messageID)) == [order, other])
                try await gateway.stop()
            }
        }

        @Test(
            "mail providers end the form with a line, write it in other letters, send none, or put a slash or a bracket behind the address",
            arguments: [
                "List-Unsubscribe=One-Click\r\n", "List-Unsubscribe=One-Click\n", "list-unsubscribe=one-click",
                "List-Unsubscribe=One%2DClick", "", "\r\n",
            ])
        func otherForms(body: String) async throws {
            try await GatewayShop.with([]) { bench in
                let gateway = try await GatewayProgram.start(in: bench.shop)
                try body.write(toFile: "\(bench.directory)/form", atomically: true, encoding: .utf8)
                for (name, end) in [("ann", ""), ("ben", "/"), ("cat", "%3E"), ("dan", "%EF%BC%8C"), ("eve", ".")] {
                    let message = try await bench.shop.enqueue("marketing", to: "\(name)@example.com", channel: "email")
                    let path = try Self.path(message, "\(name)@example.com", bench) + end
                    #expect(try await gateway.request(path).status == 200)
                    #expect(
                        try await gateway.request(path, ["--data-binary", "@\(bench.directory)/form"]).status == 200, "\(path)")
                }
                #expect(
                    try await bench.shop.texts("select address from martlet_data.suppressions order by 1")
                        == ["ann", "ben", "cat", "dan", "eve"].map { "\($0)@example.com" })
                try await gateway.stop()
            }
        }

        @Test("a token that is forged, another message's, or about somebody else is 404 and changes nothing")
        func forged() async throws {
            try await GatewayShop.with([]) { bench in
                let gateway = try await GatewayProgram.start(in: bench.shop)
                let message = try await bench.shop.enqueue("marketing", to: "ann@example.com", channel: "email")
                let other = try await bench.shop.enqueue("marketing", to: "ben@example.com", channel: "email")
                let path = try Self.path(message, "ann@example.com", bench)
                let wrongEnd = path.dropLast() + (path.hasSuffix("a") ? "b" : "a")
                let paths = [
                    String(wrongEnd), try Self.path(message, "ben@example.com", bench),
                    try Self.path(other, "ann@example.com", bench),
                    try Self.path(message + 1, "ann@example.com", bench), "/u/", "/u/abc", path + "/x",
                ]
                for path in paths {
                    for arguments in [[], ["-d", "List-Unsubscribe=One-Click"]] {
                        #expect(try await gateway.request(path, arguments).status == 404, "\(path) \(arguments)")
                    }
                }
                #expect(try await bench.traces() == [0, 0, 0, 0])
                try await gateway.stop()
            }
        }

        @Test(
            "the page speaks the reader's language: English, Chinese",
            arguments: [("en-GB,en;q=0.9", "Unsubscribe"), ("zh-CN,zh;q=0.9", "退订")])
        func languages(accepts: String, word: String) async throws {
            try await GatewayShop.with([]) { bench in
                let gateway = try await GatewayProgram.start(in: bench.shop)
                let message = try await bench.shop.enqueue("marketing", to: "ann@example.com", channel: "email")
                let path = try Self.path(message, "ann@example.com", bench)
                #expect(try await gateway.request(path, ["-H", "Accept-Language: \(accepts)"]).body.contains("<h1>\(word)</h1>"))
                try await gateway.stop()
            }
        }
    }
}
