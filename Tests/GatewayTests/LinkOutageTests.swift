import Foundation
import Glibc
import PipelineSupport
import Postgres
import TestSupport
import Testing

extension Gateways {
    @Suite("Tracked links when something is amiss, or off", .timeLimit(.minutes(5)))
    struct LinkOutageTests {
        @Test("an attempt in doubt and the one after it carry the same links, and both lead to the same place")
        func resent() async throws {
            let lossy: (inout ShopPolicy) -> Void = {
                $0.rules = "* lose"
                $0.tracking = ["notification": ["track_clicks: true"]]
            }
            try await LinkShop.with(lossy) { bench in
                let gateway = try await GatewayProgram.start(in: bench.shop)
                let id = try await bench.shop.enqueue(
                    "notification", to: "+447700900001",
                    variables: #"{"text": "Go https://shop.example/a or https://shop.example/b"}"#)
                let worker = try WorkerProgram.start(in: bench.shop)
                try await eventually(within: .seconds(40), poll: .milliseconds(100), "it was sent twice") {
                    try bench.received(id).count == 2
                }
                #expect(try await worker.terminate() == 0)
                let texts = try bench.received(id)
                #expect(texts[0] == texts[1] && LinkShop.paths(texts[0]).count == 2)
                #expect(try await bench.shop.texts("select cardinality(targets)::text from martlet_data.message_links") == ["2"])
                for (path, target) in zip(LinkShop.paths(texts[1]), ["a", "b"]) {
                    #expect(
                        try await gateway.request(path, LinkShop.phone).headers["location"] == "https://shop.example/\(target)")
                }
                try await gateway.stop()
            }
        }

        @Test(
            "classes without tracking, classes that erase bodies, and workers without the secret send links as they are written")
        func off() async throws {
            let text = "See https://shop.example/a"
            try await LinkShop.with { bench in
                for name in ["transactional", "otp"] {
                    let id = try await bench.send(text, class: name)
                    #expect(try bench.received(id) == [text])
                }
                #expect(try await bench.shop.number("select count(*) from martlet_data.message_links") == 0)
            }
            try await LinkShop.with(secret: "") { bench in
                let id = try await bench.shop.enqueue("marketing", to: "+447700900001", variables: #"{"text": "\#(text)"}"#)
                let worker = try WorkerProgram.start(in: bench.shop, arguments: ["--until-idle"])
                #expect(try await worker.wait(within: .seconds(60)) == 0)
                #expect(try bench.received(id) == [text])
                #expect(worker.output.contains("links are not tracked") && worker.output.contains("links.secret_file /nowhere"))
                let gateway = try await GatewayProgram.start(in: bench.shop)
                let answer = try await gateway.request("/c/00006rS8oxBA9U5pIjyIaG", LinkShop.phone)
                #expect(answer.status == 503 && answer.headers["retry-after"] == "60", "it may be a genuine one")
                try await gateway.stop()
            }
        }

        @Test("where the policy has no links.yaml every token is unknown")
        func noPolicy() async throws {
            try await Shop.with { shop in
                let gateway = try await GatewayProgram.start(in: shop)
                #expect(try await gateway.request("/c/" + String(repeating: "0", count: 22), LinkShop.phone).status == 404)
                try await gateway.stop()
            }
        }

        @Test("while PostgreSQL is away a link is 503 with a page, and what was seen meanwhile is written when it is back")
        func databaseAway() async throws {
            let server = try await PrivateServer.start()
            do { try await databaseAway(on: server) } catch {
                try await server.stop()
                throw error
            }
            try await server.stop()
        }

        private func databaseAway(on server: PrivateServer) async throws {
            try await LinkShop.with(on: server) { bench in
                let gateway = try await GatewayProgram.start(in: bench.shop)
                let id = try await bench.send("Go https://shop.example/a", channel: "email")
                try await bench.aMinuteLater()
                let text = try bench.received(id).joined()
                let path = try #require(LinkShop.paths(text).first)
                let picture = try #require(LinkShop.paths(text, "o").first)
                await bench.shop.connection.close()
                try await server.halt()
                for (language, title) in [("en", "Please try again"), ("zh", "请稍后再试")] {
                    let answer = try await gateway.request(path, LinkShop.phone + ["-H", "Accept-Language: \(language)"])
                    #expect(
                        answer.status == 503 && answer.headers["retry-after"] == "5" && answer.body.contains("<h1>\(title)</h1>"),
                        "\(answer)")
                    #expect(answer.headers["location"] == nil)
                }
                #expect(try await gateway.request(picture, LinkShop.phone + ["-o", "/dev/null", "-D", "-"]).status == 200)
                #expect(gateway.process.exitCode == nil)
                try await server.resume()
                let back = LinkShop(shop: try await bench.shop.reconnected(), secretFile: bench.secretFile)
                try await eventually(within: .seconds(20), poll: .milliseconds(100), "the link leads there again") {
                    try await gateway.request(path, LinkShop.phone).headers["location"] == "https://shop.example/a"
                }
                try await back.waits(for: ["opened 0", "clicked 1"], of: id, "what was seen while it was away is there, too")
                try await gateway.stop()
                await back.shop.connection.close()
            }
        }

        @Test("a slow database holds no redirect up: visits wait, and the person is there already")
        func slow() async throws {
            try await LinkShop.with { bench in
                let gateway = try await GatewayProgram.start(in: bench.shop)
                let id = try await bench.send("Go https://shop.example/a")
                try await bench.aMinuteLater()
                let path = try #require(LinkShop.paths(try bench.received(id).joined()).first)
                let blocker = try await bench.shop.scratch.connect()
                try await blocker.execute(script: "begin; lock table martlet_data.link_visits in exclusive mode")
                // The table is locked until the hit has been seen to wait: this answer does not wait for it.
                #expect(try await gateway.request(path, LinkShop.phone).status == 302)
                try await eventually(within: .seconds(10), "the visit waits") {
                    try await bench.shop.number(
                        "select count(*) from pg_locks where not granted and relation = 'martlet_data.link_visits'::regclass") > 0
                }
                // SIGTERM: what waits is written before the gateway ends.
                gateway.process.kill(SIGTERM)
                try await eventually(within: .seconds(10), "it has heard") { try await gateway.refusesConnections() }
                try await blocker.execute(script: "commit")
                #expect(try await gateway.process.wait() == 0, "\(gateway.process.output)")
                #expect(try await bench.shop.number("select count(*) from martlet_data.link_visits") == 1)
                // Another one judges what it left.
                let next = try await GatewayProgram.start(in: bench.shop)
                try await bench.waits(for: ["clicked 1"], of: id)
                try await next.stop()
                await blocker.close()
            }
        }

        @Test("a gateway that is killed after a click leaves it to the next one")
        func killed() async throws {
            try await LinkShop.with { bench in
                let gateway = try await GatewayProgram.start(in: bench.shop)
                let id = try await bench.send("Go https://shop.example/a")
                try await bench.aMinuteLater()
                let path = try #require(LinkShop.paths(try bench.received(id).joined()).first)
                #expect(try await gateway.request(path, LinkShop.phone).status == 302)
                try await eventually(within: .seconds(5), poll: .milliseconds(20), "it is written down") {
                    try await bench.shop.number("select count(*) from martlet_data.link_visits") == 1
                }
                gateway.process.kill(SIGKILL)
                _ = try await gateway.process.wait()
                let next = try await GatewayProgram.start(in: bench.shop)
                try await bench.waits(for: ["clicked 1"], of: id)
                #expect(try await next.request(path, LinkShop.phone).headers["location"] == "https://shop.example/a")
                try await next.stop()
            }
        }

        @Test("a new secret: what was signed with the old one is believed as long as its line stays")
        func rotation() async throws {
            try await LinkShop.with { bench in
                let id = try await bench.send("Go https://shop.example/a")
                let old = try #require(LinkShop.paths(try bench.received(id).joined()).first)
                try "fedcba9876543210-new\n0123456789abcdef-of-links\n".write(
                    toFile: bench.secretFile, atomically: true, encoding: .utf8)
                let next = try await bench.send("Go https://shop.example/a", to: "+447700900002")
                let new = try #require(LinkShop.paths(try bench.received(next).joined()).first)
                let gateway = try await GatewayProgram.start(in: bench.shop)
                for path in [old, new] { #expect(try await gateway.request(path, LinkShop.phone).status == 302) }
                try await gateway.stop()
                try "fedcba9876543210-new\n".write(toFile: bench.secretFile, atomically: true, encoding: .utf8)
                let later = try await GatewayProgram.start(in: bench.shop)
                #expect(try await later.request(old, LinkShop.phone).status == 404)
                #expect(try await later.request(new, LinkShop.phone).status == 302)
                try await later.stop()
            }
        }
    }
}
