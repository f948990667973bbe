import Foundation
import TestSupport
import Testing

@Suite("links, by the real binary", .serialized, .scratchDatabase { try await MartletBinary.applied() })
struct LinkCommandTests {
    @Test("a message shows where its links lead, who followed which, and that opens are unreliable; a report counts messages")
    func clicks() async throws {
        let martlet = try MartletBinary.here()
        let owner = try await Owner()
        let id = try await owner.enqueue("+4915112347101")
        let other = try await owner.enqueue("+4915112347102")
        try await owner.execute(
            """
            delete from martlet_data.ready;
            update martlet_data.messages set group_key = 'links' where id in (\(id), \(other));
            insert into martlet_data.message_links values (\(id), '{https://shop.example/a?u=1,https://shop.example/b}', now() + interval '30 days');
            insert into martlet_data.attempts (message_id, attempt, provider, session, admitted_at, send_by, template_version, segments)
                select i, 1, 'sandbox-sms', 1, now(), now(), 1, 1 from unnest(array[\(id), \(other)]) i;
            insert into martlet_data.receipts (message_id, kind, attempt, provider) select i, 'accepted', 1, 'sandbox-sms' from unnest(array[\(id), \(other)]) i;
            insert into martlet_data.receipts (message_id, kind, attempt, part, code) values (\(id), 'clicked', 0, 1, null), (\(id), 'clicked', 0, 2, null),
                (\(id), 'opened', 0, 0, null), (\(id), 'prefetched', 0, 2, 'robot'), (\(other), 'prefetched', 0, 1, 'burst');
            """)
        let shown = try await martlet.run(["message", "show", id]).output
        for line in [
            "state      accepted", "link 1     https://shop.example/a?u=1", "link 2     https://shop.example/b",
            "picture, unreliable", "link 2, robot",
        ] {
            #expect(shown.contains(line), "\(line) in \(shown)")
        }
        #expect(!shown.contains("attempt 0"))
        let json = try await martlet.json(["message", "show", id])
        #expect(json["links"] as? [String] == ["https://shop.example/a?u=1", "https://shop.example/b"])
        #expect(((try await martlet.json(["message", "show", other]))["links"] as? [String]) == [])

        let report = try await martlet.json(["report", "--group", "links"])
        let row = try #require((report["messages"] as? [[String: Any]])?.first)
        #expect(row["accepted"] as? Int == 2 && row["clicked"] as? Int == 1 && row["opened_unreliable"] as? Int == 1)
        let table = try await martlet.run(["report", "--group", "links"]).output
        #expect(table.contains("OPENED (UNRELIABLE)") && table.contains("CLICKED %") && table.contains("50"), "\(table)")
    }

    @Test("previews count segments with links in place, and need no secret; without links.yaml tracking is refused")
    func preview() async throws {
        let directory = "/tmp/config-\(UInt64.random(in: 0...UInt64.max))"
        try FileManager.default.copyItem(atPath: MartletBinary.config, toPath: directory)
        defer { try? FileManager.default.removeItem(atPath: directory) }  // a copy left behind in /tmp does no harm
        let template = "---\nrequired: [text]\n---\n{{text}}\n"
        try FileManager.default.createDirectory(atPath: directory + "/templates/linked", withIntermediateDirectories: true)
        try template.write(toFile: directory + "/templates/linked/default.sms.mustache", atomically: true, encoding: .utf8)
        let classes = try String(contentsOfFile: directory + "/policy/classes.yaml", encoding: .utf8)
        try classes.replacing("    required: [order_number, time]", with: "    track_clicks: true")
            .write(toFile: directory + "/policy/classes.yaml", atomically: true, encoding: .utf8)
        let martlet = MartletBinary(conninfo: "host=/nowhere")
        let refused = try await martlet.run(["config", "validate", "--config", directory])
        #expect(
            refused.code == 65 && refused.output.contains("classes.notification.track_clicks: needs click_url in links.yaml"),
            "\(refused)")

        try "links: {click_url: 'https://s.example/c', secret_file: /not/here}".write(
            toFile: directory + "/policy/links.yaml", atomically: true, encoding: .utf8)
        #expect(try await martlet.run(["config", "validate", "--config", directory]).code == 0)
        let url = "https://shop.example/" + String(repeating: "x", count: 200)
        let variables = #"{"text": "\#(String(repeating: "a", count: 117)) \#(url)"}"#
        let command = [
            "message", "preview", "--config", directory, "--channel", "sms", "--to", "+447700900001", "--template", "linked",
            "--variables", variables,
        ]
        let tracked = try await martlet.json(command + ["--class", "notification"])
        #expect(tracked["segments"] as? Int == 1 && tracked["units"] as? Int == 160)
        #expect(
            (tracked["text"] as? String)?.contains("https://s.example/c/") == true
                && (tracked["warnings"] as? [Any])?.isEmpty == true)
        let plain = try await martlet.json(command + ["--class", "transactional"])
        #expect(plain["segments"] as? Int == 3 && (plain["text"] as? String)?.hasSuffix(url) == true)
        let previews = try await martlet.json(
            ["templates", "preview", "linked", "--config", directory, "--class", "notification", "--variables", variables],
            as: [[String: Any]].self)
        #expect(previews.first?["segments"] as? Int == 1)
    }
}
