import Foundation
import TestSupport
import Testing

@Suite("commands on a cluster, by the real binary", .serialized, .scratchDatabase { try await MartletBinary.applied() })
struct CommandTests {
    @Test("a preview says text, encoding, units, segments and cost")
    func preview() async throws {
        let martlet = try MartletBinary.here()
        let preview = try await martlet.json([
            "message", "preview", "--class", "otp", "--channel", "sms", "--to", "+86 138 0013 8000", "--template", "login-code",
            "--locale",
            "zh-CN", "--variables", "{\"code\": \"123456\", \"minutes\": 5}",
        ])
        #expect((preview["text"] as? String)?.contains("123456") == true)
        #expect(preview["encoding"] as? String == "ucs-2")
        #expect(preview["units"] as? Int == 34)
        #expect(preview["segments"] as? Int == 1)
        #expect((preview["cost"] as? [String: Any])?["micros"] as? Int == 6500)
        let plain = try await martlet.json([
            "message", "preview", "--channel", "sms", "--text", String(repeating: "验", count: 71),
        ])
        #expect(plain["segments"] as? Int == 2)
        #expect(plain["units"] as? Int == 71)
        let missing = try await martlet.run([
            "message", "preview", "--class", "otp", "--to", "+8613800138000", "--template", "login-code", "--variables", "{}",
        ])
        #expect(missing.code == 2)
        #expect(missing.output.contains("code"))
    }

    @Test("a dead letter is listed, explained, requeued with edited variables, and its timeline says who did it")
    func requeue() async throws {
        let martlet = try MartletBinary.here()
        let id = try await Owner().deadLetter("+4915112345601")
        let list = try await martlet.json(["dead-letters", "list", "--reason", "attempts_exhausted", "--provider", "sandbox-sms"])
        #expect((list["dead_letters"] as? [[String: Any]])?.contains { $0["id"] as? String == id } == true)
        let shown = try await martlet.json(["dead-letters", "show", id])
        #expect(shown["remedy"] as? String == "Try it again.")
        let state = try await martlet.run(["message", "show", id])
        #expect(state.output.contains("next: martlet dead-letters show \(id)"), "\(state.output)")

        let done = try await martlet.json(["dead-letters", "requeue", id, "--why", "test", "--variables", "{\"a\": 1}"])
        #expect(done["done"] as? Int == 1)
        let message = try await martlet.json(["message", "show", id])
        #expect(message["state"] as? String == "ready")
        let timeline = try #require(message["timeline"] as? [[String: Any]])
        #expect(timeline.map { $0["what"] as? String } == ["enqueued", "dead", "requeued"])
        #expect(timeline[2]["who"] as? String == "postgres")
        let edit = (timeline[2]["detail"] as? [String: Any])?["requeue"] as? [String: Any]
        #expect(edit?["edited_variables"] as? Bool == true)
        #expect(
            try await martlet.run(["dead-letters", "requeue", id, "--why", "again"]).code == 2, "it is no dead letter any more")
    }

    @Test("one that the contract refuses spares all the others of a bulk requeue")
    func bulk() async throws {
        let martlet = try MartletBinary.here()
        let owner = try await Owner()
        for index in 10..<30 { _ = try await owner.deadLetter("+49151123456\(index)", reason: "test_bulk") }
        let doubtful = try await owner.deadLetter("+4915112345699", reason: "in_doubt")
        try await owner.execute(
            "update martlet_data.dead_letters set template = 'bulk' where reason in ('test_bulk', 'in_doubt')")
        let arguments = ["dead-letters", "requeue", "--all-matching", "--template", "bulk", "--why", "test"]

        let dry = try await martlet.json(arguments + ["--dry-run"])
        #expect(dry["count"] as? Int == 21)
        let unasked = try await martlet.run(arguments)
        #expect(unasked.code == 75)
        #expect(unasked.output.contains("21 dead letters"), "\(unasked.output)")
        let result = try await martlet.json(arguments + ["--yes"], code: 2)
        #expect(result["done"] as? Int == 20)
        let failures = try #require(result["failures"] as? [[String: Any]])
        #expect(failures.map { $0["id"] as? String } == [doubtful])
        #expect(failures[0]["sqlstate"] as? String == "MT013")

        #expect(try await martlet.run(["dead-letters", "discard", doubtful, "--why", "test"]).code == 75)
        #expect(try await martlet.json(["dead-letters", "discard", doubtful, "--why", "test", "--yes"])["done"] as? Int == 1)
        #expect(try await martlet.json(["message", "show", doubtful])["state"] as? String == "discarded")
    }

    @Test("a message is found by its recipient, and a stranger is not")
    func find() async throws {
        let martlet = try MartletBinary.here()
        let id = try await Owner().enqueue("+4915112345777")
        let found = try await martlet.json(["message", "find", "--recipient", "+49 151 12345777"], as: [[String: Any]].self)
        #expect(found.map { $0["id"] as? String } == [id])
        let byAddress = try await martlet.json(
            ["message", "find", "--recipient", "+4915112345777", "--address"], as: [[String: Any]].self)
        #expect(byAddress.count == 1)
        let nobody = try await martlet.run(["message", "find", "+4915112340000"])
        #expect(nobody.code == 0 && nobody.output.hasPrefix("none\n"), "\(nobody.output)")
        #expect(try await martlet.json(["message", "find", "+4915112345777"], as: [[String: Any]].self).count == 1)
        #expect(try await martlet.run(["message", "find", "+4915112345777", "--recipient", "+4915112345777"]).code == 64)
        #expect(try await martlet.run(["message", "find"]).code == 64)
        #expect(try await martlet.run(["message", "show", "17"]).code == 1)
    }

    @Test("service levels name every class with its promise; further back than a day is refused")
    func slo() async throws {
        let martlet = try MartletBinary.here()
        let levels = try await martlet.json(["slo", "--since", "2h"])
        let classes = try #require(levels["classes"] as? [[String: Any]])
        #expect(classes.map { $0["class"] as? String } == ["otp", "transactional", "notification", "marketing"])
        #expect(classes.map { $0["promise_seconds"] as? Double } == [1, 3, 60, 14_400])
        #expect(try await martlet.run(["slo"]).output.contains("14400.000 s"))
        #expect(try await martlet.run(["slo", "--since", "2d"]).code == 64)
    }

    @Test("a lane is paused with a reason, shown so, and resumed")
    func lanes() async throws {
        let martlet = try MartletBinary.here()
        #expect(try await martlet.run(["lanes", "pause", "3", "--why", "wrong price"]).code == 75)
        #expect(try await martlet.run(["lanes", "pause", "3", "--why", "wrong price", "--yes"]).code == 0)
        let lanes = try await martlet.json(["lanes", "--sample", "0s"], as: [[String: Any]].self)
        #expect(lanes.first { $0["lane"] as? Int == 3 }?["pause_reason"] as? String == "wrong price")
        #expect(try await martlet.run(["lanes", "resume", "3", "--why", "corrected"]).code == 0)
        #expect(try await martlet.run(["lanes", "pause", "12", "--why", "x", "--yes"]).code == 2)
    }

    @Test("the cluster gets its number once; a message of another cluster is said to be one")
    func cluster() async throws {
        let martlet = try MartletBinary.here()
        let owner = try await Owner()
        #expect(try await martlet.run(["cluster"]).output.contains("all ids belong to cluster 0"))
        #expect(try await martlet.run(["cluster", "set", "3", "--why", "x"]).code == 75)
        #expect(try await martlet.json(["cluster", "set", "3", "--why", "Frankfurt", "--yes"])["number"] as? Int == 3)
        let id = try #require(Int64(try await owner.enqueue("+4915112345778")))
        #expect(try await martlet.json(["message", "show", "\(id)"])["id"] as? String == "\(id)")
        let foreign = try await martlet.run(["message", "show", "\(id ^ (3 << 16) | (5 << 16))"])
        #expect(foreign.code == 1)
        #expect(foreign.output.contains("Cluster 5 gave this id, and this is cluster 3"), "\(foreign.output)")
        let again = try await martlet.run(["cluster", "set", "4", "--why", "x", "--yes"])
        #expect(again.code == 2)
        #expect(again.output.contains("ids carry that number"), "\(again.output)")
        #expect(try await martlet.run(["cluster", "set", "64", "--why", "x", "--yes"]).code == 2)
    }

    @Test("a suppression is added, listed and lifted")
    func suppressions() async throws {
        let martlet = try MartletBinary.here()
        #expect(try await martlet.run(["suppressions", "add", "+8613800138123", "--reason", "by phone"]).code == 0)
        let list = try await martlet.json(["suppressions", "list", "--recipient", "+86 13800138123"], as: [[String: Any]].self)
        #expect(list.first?["scope"] as? String == "marketing")
        #expect(try await martlet.run(["suppressions", "remove", "+8613800138123", "--why", "START"]).code == 75)
        #expect(try await martlet.run(["suppressions", "remove", "+8613800138123", "--why", "START", "--yes"]).code == 0)
        let lifted = try await martlet.run(["suppressions", "list", "+8613800138123"])
        #expect(lifted.code == 0 && lifted.output == "none\n", "\(lifted.output)")
        #expect(try await martlet.run(["suppressions", "add", "--recipient", "+8613800138124", "--why", "by phone"]).code == 0)
        #expect(try await martlet.run(["suppressions", "add", "+8613800138125"]).code == 64)
    }

    @Test("caps show what is used and when the next place is free")
    func caps() async throws {
        let martlet = try MartletBinary.here()
        try await Owner().execute(
            """
            insert into martlet_data.cap_usage (recipient_key, hits)
            select '+8613800138222', string_agg(int8send(n) || int8send((extract(epoch from clock_timestamp() - n * interval '1 day') * 1e6)::int8)
                || int2send(1::int2) || int2send(c.id) || int2send(h.id) || int2send(0::int2), ''::bytea order by n desc)
            from generate_series(1, 4) n, martlet_data.classes c, martlet_data.channels h where c.name = 'marketing' and h.name = 'sms'
            """)
        let shown = try await martlet.json(["caps", "show", "--recipient", "+8613800138222"])
        let caps = try #require(shown["caps"] as? [[String: Any]])
        let marketing = try #require(caps.first { $0["cap"] as? String == "marketing-per-month" })
        #expect(marketing["used"] as? Int == 4)
        #expect(marketing["is_free"] as? Bool == false)
        #expect((marketing["frees_at"] as? String)?.hasSuffix("Z") == true)
        let vip = try await martlet.json(["caps", "show", "--recipient", "+8613800138999"])
        #expect((vip["caps"] as? [[String: Any]])?.allSatisfy { $0["is_free"] as? Bool == true } == true)
    }

    @Test("the doctor finds a healthy part healthy, and names what is broken and what to do")
    func doctor() async throws {
        let martlet = try MartletBinary.here()
        func grades() async throws -> [String: String] {
            let run = try await martlet.run(["doctor", "--json"], quiet: true)
            let report = try #require(
                try JSONSerialization.jsonObject(with: Data(run.output.utf8)) as? [String: Any], "\(run.output)")
            let findings = try #require(report["findings"] as? [[String: Any]])
            #expect(run.code == (report["healthy"] as? Bool == true ? 0 : 1))
            return Dictionary(uniqueKeysWithValues: findings.map { ($0["check"] as? String ?? "", $0["grade"] as? String ?? "") })
        }
        let before = try await grades()
        for check in ["reachable", "schema", "policy", "templates", "partitions", "leases", "due"] {
            #expect(before[check] == "ok", "\(check)")
        }
        #expect(before["durability"] == "bad", "the test server runs without fsync")
        let owner = try await Owner()
        try await owner.execute(
            """
            insert into martlet_data.leased (slot, message_id, lane, attempt, burned, resends, deaths, series, session, claim, deadline)
            select (pg_sequence_last_value('martlet_data.leased_cursor') & 4095)::int2, 1, 1, 0, 0, 0, 0, 0, 1, 1, clock_timestamp() - interval '1 hour';
            insert into martlet_data.messages_default select 1, 1, 1, 'k', 'a', 't', null, null, null, null, null, '{}', null, null, 'p', now(), now();
            """)
        let after = try await grades()
        #expect(after["leases"] == "bad")
        #expect(after["default_partitions"] == "warn")
        try await owner.execute("delete from martlet_data.leased; delete from martlet_data.messages_default")
    }

    @Test("a user without the role learns which one it takes, with 77")
    func permission() async throws {
        let owner = try await Owner()
        try await owner.execute(
            "do $$ begin if to_regrole('cli_nobody') is null then create role cli_nobody login; end if; end $$")
        var martlet = try MartletBinary.here()
        martlet.conninfo += " user=cli_nobody"
        let run = try await martlet.run(["dead-letters", "list"])
        #expect(run.code == 77, "\(run.output)")
        #expect(run.output.contains("martlet_reader"))
    }

    @Test("nothing is coloured when the output is no terminal, and every command has examples")
    func help() async throws {
        let martlet = try MartletBinary.here()
        let run = try await martlet.run(["migrate", "status"])
        #expect(!run.output.contains("\u{1B}"))
        let commands = [
            "migrate up", "migrate status", "migrate validate", "migrate dry-run", "migrate repair", "config validate",
            "config apply",
            "config show", "providers test", "providers list", "providers show", "slo", "budgets list", "report",
            "templates list", "templates preview", "templates push", "message preview", "message show", "message find",
            "dead-letters list",
            "message list", "message cancel", "message enqueue", "enqueue", "messages list", "top", "audit list", "inbound list",
            "webhooks list", "config diff", "config rollback", "templates pull", "dead-letters edit",
            "dead-letters show", "dead-letters requeue", "dead-letters discard", "lanes list", "lanes pause", "lanes resume",
            "workers",
            "jobs list", "jobs show", "jobs stop", "jobs resume", "caps show", "suppressions list", "suppressions add",
            "suppressions remove",
            "doctor", "cluster show", "cluster set",
            "campaigns validate", "campaigns apply", "campaigns list", "campaigns show", "campaigns preview", "campaigns test",
            "campaigns start", "campaigns approve", "campaigns pause", "campaigns resume", "campaigns stop", "campaigns report",
            "journeys validate", "journeys apply", "journeys list", "journeys show", "journeys people", "journeys enter",
            "journeys exit", "journeys pause", "journeys resume", "journeys report",
            "audiences list", "audiences create", "audiences show", "audiences remove", "codes load", "codes show", "why",
        ]
        for command in commands {
            let help = try await martlet.run(command.split(separator: " ").map(String.init) + ["--help"])
            #expect(help.output.contains("EXAMPLES") && help.output.contains("--json"), "\(command)")
        }
        #expect(try await martlet.run(["--generate-completion-script", "bash"]).output.contains("martlet"))
    }
}
