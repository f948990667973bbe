import Foundation
import Glibc
import PipelineSupport
import Store
import TestSupport
import Testing

extension Gateways {
    @Suite("Tracked links, from the worker to the person who follows them", .timeLimit(.minutes(5)))
    struct LinkTests {
        @Test("an SMS: what the provider got leads to what was written, and a person's click is one receipt that moves nothing")
        func sms() async throws {
            try await LinkShop.with { bench in
                let gateway = try await GatewayProgram.start(in: bench.shop)
                let target = "https://shop.example/new?a=1&b=%E5%A5%BD#top"
                let id = try await bench.send("New（\(target)）, https://shop.example/x. Out: https://shop.example/unsubscribe")
                try await bench.aMinuteLater()
                let text = try #require(try bench.received(id).first)
                let paths = LinkShop.paths(text)
                #expect(paths.count == 2)
                #expect(
                    text
                        == "New（https://s.example\(paths[0])）, https://s.example\(paths[1]). Out: https://shop.example/unsubscribe"
                )
                for _ in 0..<3 {
                    let answer = try await gateway.request(paths[0], LinkShop.phone)
                    #expect(answer.status == 302 && answer.headers["location"] == target)
                    #expect(answer.headers["cache-control"] == "no-store" && answer.headers["referrer-policy"] == "no-referrer")
                    #expect(answer.headers["set-cookie"] == nil && answer.body == "")
                }
                try await bench.waits(for: ["clicked 1"], of: id)
                #expect(
                    try await gateway.request(paths[1], ["-I"] + LinkShop.phone).headers["location"] == "https://shop.example/x")
                try await bench.waits(for: ["clicked 1", "prefetched 2 head"], of: id)
                #expect(try await bench.shop.statuses()[id] == "accepted")
                #expect(
                    try await bench.shop.texts(
                        "select accepted || ' ' || clicked || ' ' || opened from martlet.report_messages(now() - interval '1 hour', 'sale')"
                    )
                        == ["1 1 0"])
                #expect(
                    try await bench.shop.texts(
                        "select target || ' ' || sent || ' ' || clicked || ' ' || prefetched from martlet.link_clicks order by 1")
                        == ["https://shop.example/new 1 1 0", "https://shop.example/x 1 0 1"])
                let metrics = try await gateway.metrics()
                #expect(metrics.contains(#"martlet_clicks_total{result="followed"} 3"#), "\(metrics)")
                #expect(metrics.contains(#"martlet_clicks_total{result="machine"} 1"#))
                try await gateway.stop()
            }
        }

        @Test("an address is led to however its scheme is written")
        func scheme() async throws {
            try await LinkShop.with { bench in
                let gateway = try await GatewayProgram.start(in: bench.shop)
                let targets = ["HTTPS://SHOP.EXAMPLE/A", "Http://shop.example/b"]
                let id = try await bench.send(targets.joined(separator: " "))
                try await bench.aMinuteLater()
                let paths = LinkShop.paths(try bench.received(id).joined())
                var led: [String?] = []
                for path in paths { led.append(try await gateway.request(path, LinkShop.phone).headers["location"]) }
                #expect(led == targets)
                try await gateway.stop()
            }
        }

        @Test("the segments that are billed are those of the text with links, as smsutil counts them")
        func segments() async throws {
            try await LinkShop.with { bench in
                let long = "https://shop.example/" + String(repeating: "a", count: 300)
                for (text, expected) in [
                    (long, 1), (String(repeating: "b", count: 118) + " " + "http://a.b", 2),
                    ("新品上架" + String(repeating: "好", count: 25) + long, 2),
                    (String(repeating: "b", count: 117) + " " + "http://a.b", 1),
                ] {
                    let id = try await bench.send(text)
                    let received = try #require(try bench.received(id).first)
                    let script = "import sys, smsutil; print(len(smsutil.split(sys.argv[1]).parts))"
                    let counted = try await runProcess([PythonTool.interpreter, "-c", script, received])
                    #expect(Int(counted.trimmingCharacters(in: .whitespacesAndNewlines)) == expected, "\(received)")
                    #expect(
                        try await bench.shop.number("select segments from martlet_data.attempts where message_id = \(id)")
                            == expected)
                }
            }
        }

        @Test("a mail: text and HTML share links, the picture is one pixel, and opens are receipts of their own")
        func mail() async throws {
            try await LinkShop.with { bench in
                let gateway = try await GatewayProgram.start(in: bench.shop)
                let id = try await bench.send("See https://shop.example/?a=1&b=2.", channel: "email")
                try await bench.aMinuteLater()
                let text = try #require(try bench.received(id).first)
                let paths = LinkShop.paths(text)
                let picture = try #require(LinkShop.paths(text, "o").first)
                #expect(paths.count == 1 && text.contains(#"<a href="https://s.example\#(paths[0])">Go</a>"#))
                #expect(text.contains(#".gif" width="1" height="1" alt="" style="display:block;border:0"></body>"#))
                #expect(
                    try await gateway.request(paths[0], LinkShop.phone).headers["location"] == "https://shop.example/?a=1&b=2")
                for arguments in [["-A", "Mozilla/5.0 (via ggpht.com GoogleImageProxy)"], LinkShop.phone, LinkShop.phone] {
                    let gif = try await gateway.request(picture, arguments + ["-o", "/dev/null", "-D", "-"])
                    #expect(
                        gif.status == 200 && gif.headers["content-type"] == "image/gif"
                            && gif.headers["cache-control"] == "no-store")
                }
                let file = "\(bench.shop.directory)/pixel.gif"
                try await runProcess(["curl", "-s", "-o", file, "http://127.0.0.1:\(gateway.port)\(picture)"])
                let bytes = Array(try Data(contentsOf: URL(filePath: file)))
                #expect(Array("GIF89a".utf8) + [1, 0, 1, 0] == bytes.prefix(10) && bytes.last == 0x3B && bytes.count == 43)
                try await bench.waits(
                    for: ["opened 0", "prefetched 0 mail_proxy", "clicked 1"], of: id)
                #expect(
                    try await bench.shop.texts(
                        "select clicked || ' ' || opened from martlet.report_messages(now() - interval '1 hour', 'sale')")
                        == ["1 1"])
                try await gateway.stop()
            }
        }

        @Test("forged tokens, another message's, cut ones, and other paths lead nowhere, and leave nothing")
        func forged() async throws {
            try await LinkShop.with { bench in
                let gateway = try await GatewayProgram.start(in: bench.shop)
                let id = try await bench.send("https://shop.example/a")
                let other = try await bench.send("https://shop.example/b", to: "+447700900002")
                try await bench.aMinuteLater()
                let path = try #require(LinkShop.paths(try bench.received(id).joined()).first)
                let foreign = try #require(LinkShop.paths(try bench.received(other).joined()).first)
                #expect(path != foreign)
                // The number of one message with the code of the other.
                let mixed = path.prefix(14) + foreign.dropFirst(14)
                let last = path.last == "0" ? "1" : "0"
                let wrong = [
                    String(mixed), path.dropLast() + last, String(path.dropLast()), path + "0", "/c/",
                    "/c/" + String(repeating: "0", count: 22),
                    "/c/" + String(repeating: "z", count: 22), "/c/https:%2F%2Fevil.example", "/c//evil.example", path + "/x",
                    "/c/?u=https://evil.example",
                ]
                for path in wrong {
                    for language in ["en", "zh-CN"] {
                        let answer = try await gateway.request(path, LinkShop.phone + ["-H", "Accept-Language: \(language)"])
                        #expect(answer.status == 404 && answer.headers["location"] == nil, "\(path) \(answer)")
                        #expect(answer.headers["cache-control"] == "no-store")
                        if answer.headers["content-type"]?.hasPrefix("text/html") == true {
                            #expect(answer.body.contains(language == "en" ? "<h1>No such link</h1>" : "<h1>链接无效</h1>"))
                        }
                    }
                }
                #expect(try await gateway.request(path, ["-d", "x=y"]).status == 405)
                #expect(
                    try await gateway.request(
                        "/o/" + path.dropFirst(3) + ".gif", LinkShop.phone + ["-o", "/dev/null", "-D", "-"]
                    ).status == 200)
                // What people and phones copy along does no harm.
                for behind in [".", ")", "%E3%80%82", "?utm_source=x"] {
                    #expect(
                        try await gateway.request(path + behind, ["-A", "curl/8"]).headers["location"] == "https://shop.example/a"
                    )
                }
                try await bench.waits(for: ["prefetched 1 program"], of: id)
                #expect(try await bench.receipts(other) == [])
                try await gateway.stop()
            }
        }

        @Test("an expired link is 410 with a page, and notes nothing")
        func expired() async throws {
            let oneHour: (inout ShopPolicy) -> Void = { $0.tracking = ["marketing": ["track_clicks: true", "links_expire: 1h"]] }
            try await LinkShop.with(oneHour) { bench in
                let gateway = try await GatewayProgram.start(in: bench.shop)
                let id = try await bench.send("https://shop.example/a")
                #expect(
                    try await bench.shop.number(
                        "select count(*) from martlet_data.message_links where expires_at between now() + interval '50 min' and now() + interval '1 hour'"
                    )
                        == 1)
                let path = try #require(LinkShop.paths(try bench.received(id).joined()).first)
                try await bench.shop.script("update martlet_data.message_links set expires_at = now()")
                let answer = try await gateway.request(path, LinkShop.phone)
                #expect(
                    answer.status == 410 && answer.headers["location"] == nil
                        && answer.body.contains("<h1>This link has expired</h1>"))
                #expect(try await gateway.metrics().contains(#"martlet_clicks_total{result="expired"} 1"#))
                #expect(try await bench.shop.number("select count(*) from martlet_data.link_visits") == 0)
                try await gateway.stop()
            }
        }

        @Test("a person's click settles a follow-up; a machine's visit does not, and the second message is sent")
        func followUps() async throws {
            try await LinkShop.with { bench in
                let gateway = try await GatewayProgram.start(in: bench.shop)
                var ids: [Int64] = []
                for name in ["ann", "ben"] {
                    let id = try await bench.send("Go https://shop.example/a", channel: "email", to: "\(name)@example.com")
                    try await bench.shop.script(
                        "select martlet.follow_up(\(id), 'not_clicked', 'sms', '+447700900001', after => '1 hour')")
                    ids.append(id)
                }
                try await bench.aMinuteLater()
                for (id, arguments) in zip(ids, [LinkShop.phone, ["-A", "Barracuda Sentinel (EE)"]]) {
                    let path = try #require(LinkShop.paths(try bench.received(id).joined()).first)
                    #expect(try await gateway.request(path, arguments).status == 302)
                }
                try await bench.waits(for: ["clicked 1"], of: ids[0])
                try await bench.waits(for: ["prefetched 1 scanner"], of: ids[1])
                try await bench.shop.script(
                    """
                    update martlet_data.receipts set at = at - interval '2 hours'; update martlet_data.follow_ups set due_at = now();
                    select martlet_data.decide_follow_ups(100)
                    """)
                let states = try await bench.shop.texts(
                    "select state || ' ' || why from martlet_data.follow_ups order by message_id")
                #expect(states == ["settled clicked", "sent not_clicked"])
                try await gateway.stop()
            }
        }

        @Test("machines are kept apart: right after the hand-over, all links at once, robots; none of it is a click")
        func machines() async throws {
            try await LinkShop.with { bench in
                let gateway = try await GatewayProgram.start(in: bench.shop)
                let text = "https://shop.example/1 https://shop.example/2 https://shop.example/3"
                let scanned = try await bench.send(text)
                let robots = try await bench.send(text, to: "+447700900002")
                let burst = LinkShop.paths(try bench.received(scanned).joined())
                try await bench.aMinuteLater()
                let soon = try await bench.send("https://shop.example/1", to: "+447700900003")
                try await bench.shop.script(
                    "update martlet_data.attempts set admitted_at = clock_timestamp() where message_id = \(soon); update martlet_data.receipts set at = clock_timestamp() where message_id = \(soon)"
                )
                _ = try await gateway.request(
                    try #require(LinkShop.paths(try bench.received(soon).joined()).first), LinkShop.phone)
                try await withThrowingTaskGroup(of: Int.self) { group in
                    for path in burst { group.addTask { try await gateway.request(path, LinkShop.phone).status } }
                    for try await status in group { #expect(status == 302) }
                }
                let paths = LinkShop.paths(try bench.received(robots).joined())
                _ = try await gateway.request(paths[0], ["-A", "Mozilla/5.0 (compatible; Googlebot/2.1)"])
                _ = try await gateway.request(paths[1], LinkShop.phone + ["-H", "Sec-Purpose: prefetch;prerender"])
                try await bench.waits(for: ["prefetched 1 robot", "prefetched 2 prefetch"], of: robots)
                try await bench.waits(for: ["prefetched 1 burst", "prefetched 2 burst", "prefetched 3 burst"], of: scanned)
                try await bench.waits(for: ["prefetched 1 too_soon"], of: soon)
                #expect(
                    try await bench.shop.texts(
                        "select sum(clicked)::text from martlet.report_messages(now() - interval '1 hour')") == ["0"])
                // A person comes later, by a link that a machine has looked at.
                _ = try await gateway.request(paths[0], LinkShop.phone)
                try await bench.waits(for: ["clicked 1", "prefetched 1 robot", "prefetched 2 prefetch"], of: robots)
                try await gateway.stop()
            }
        }

        @Test("services that subscribed hear of the first click on a link, once, and not of machines")
        func told() async throws {
            let secret = "/tmp/links-\(getpid())-webhook"
            try "whsec_\(Data(repeating: 7, count: 32).base64EncodedString())\n".write(
                toFile: secret, atomically: true, encoding: .utf8)
            defer { unlink(secret) }
            let change: (inout ShopPolicy) -> Void = {
                $0.webhooks = """
                      shop:
                        url: https://hooks.example.com/
                        secret_file: \(secret)
                        events: [message.clicked, message.opened]

                    """
            }
            try await LinkShop.with(change) { bench in
                let id = try await bench.send("See https://shop.example/new and https://shop.example/sale")
                try await bench.aMinuteLater()
                func hit(_ link: Int, _ machine: String = "null", ago: Int = 10) async throws {
                    try await bench.shop.script(
                        "insert into martlet_data.link_visits (message_id, link, at, machine) values (\(id), \(link), clock_timestamp() - interval '\(ago) s', \(machine))"
                    )
                    _ = try await bench.shop.store.run(JudgeLinkHits(limit: 100))
                }
                try await hit(1, "'head'", ago: 30)
                try await hit(1, ago: 20)
                try await hit(1, ago: 15)
                try await hit(2, ago: 10)
                let events = try await bench.shop.texts(
                    """
                    select m.variables::text from martlet_data.messages m join martlet_data.channels h on h.id = m.channel_id where h.name = 'webhook'
                    """)
                #expect(
                    events.count == 2 && events.allSatisfy { $0.contains("message.clicked") && $0.contains("\(id)") }, "\(events)"
                )
            }
        }
    }
}
