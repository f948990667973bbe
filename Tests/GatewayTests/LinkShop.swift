import Domain
import Foundation
import Glibc
import PipelineSupport
import TestSupport
import Testing

/// A shop whose class `marketing` tracks clicks and opens, and whose provider keeps what it got.
struct LinkShop {
    static let click = "https://s.example/c"
    static let phone = ["-A", LinkClientTests.phone]
    let shop: Shop
    let secretFile: String

    static func with(
        _ change: (inout ShopPolicy) -> Void = { _ in }, on server: PrivateServer? = nil,
        secret: String = "0123456789abcdef-of-links",
        isolation: isolated (any Actor)? = #isolation, _ body: (LinkShop) async throws -> Void
    ) async throws {
        let path = "/tmp/links-\(getpid())-\(String(UInt64.random(in: 0...UInt64.max), radix: 36))"
        try secret.write(toFile: path, atomically: true, encoding: .utf8)
        defer { unlink(path) }
        let policy = ShopPolicy {
            $0.links =
                "{click_url: '\(click)', open_url: 'https://s.example/o', secret_file: '\(secret.isEmpty ? "/nowhere" : path)'}"
            $0.tracking = ["marketing": ["track_clicks: true", "track_opens: true"]]
            $0.html = #"<p>{{text}}</p><a href="https://shop.example/?a=1&amp;b=2">Go</a></body>"#
            change(&$0)
        }
        try await Shop.with(policy, on: server) { try await body(LinkShop(shop: $0, secretFile: path)) }
    }

    /// Puts a message into the queue; a worker of flesh and blood sends it. Answers its id.
    func send(_ text: String, class name: String = "marketing", channel: String = "sms", to recipient: String? = nil) async throws
        -> Int64
    {
        let variables = String(decoding: try JSONEncoder().encode(["text": text]), as: UTF8.self)
        let address = recipient ?? (channel == "sms" ? "+447700900001" : "ann@example.com")
        let id = try await shop.enqueue(
            name, to: address, variables: variables, arguments: "group_key => 'sale'", channel: channel)
        let worker = try WorkerProgram.start(in: shop, arguments: ["--until-idle"])
        #expect(try await worker.wait(within: .seconds(60)) == 0, "\(worker.output)")
        return id
    }

    /// As if all that was sent had been sent a minute earlier: people do not read a message in its first seconds.
    func aMinuteLater() async throws {
        try await shop.script(
            """
            update martlet_data.attempts set admitted_at = admitted_at - interval '1 minute';
            update martlet_data.receipts set at = at - interval '1 minute';
            """)
    }

    /// The texts that the provider got of a message, by its own log: for a mail text and HTML one after the other.
    func received(_ id: Int64) throws -> [String] {
        let data = FileManager.default.contents(atPath: shop.outboxPath) ?? Data()
        return try data.split(separator: UInt8(ascii: "\n")).compactMap { line in
            let object = try JSONSerialization.jsonObject(with: line) as? [String: Any] ?? [:]
            guard object["message_id"] as? String == "\(id)" else { return nil }
            let parts = object["parts"] as? [[String: Any]] ?? []
            return object["text"] as? String ?? parts.compactMap { $0["text"] as? String }.joined(separator: "\n")
        }
    }

    /// Paths at the gateway of the links in a text, each once.
    static func paths(_ text: String, _ base: String = "c") -> [String] {
        var seen: [String] = []
        for match in text.matches(of: /https:\/\/s\.example(\/[co]\/[0-9A-Za-z]{22}(?:\.gif)?)/)
        where match.1.hasPrefix("/\(base)/") && !seen.contains(String(match.1)) {
            seen.append(String(match.1))
        }
        return seen
    }

    /// Receipts of links, `clicked 1`, `prefetched 2 robot`.
    func receipts(_ id: Int64) async throws -> [String] {
        try await shop.texts(
            "select kind || ' ' || part || coalesce(' ' || code, '') from martlet_data.receipts where message_id = \(id) and kind in ('clicked', 'opened', 'prefetched') order by part, kind"
        )
    }

    func waits(for expected: [String], of id: Int64, _ what: String = "the receipts are there") async throws {
        do {
            try await eventually(within: .seconds(20), poll: .milliseconds(100), what) { try await receipts(id) == expected }
        } catch {
            Issue.record("\(what): \(try await receipts(id)) instead of \(expected)")
        }
    }
}
