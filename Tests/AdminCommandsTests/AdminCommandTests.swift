import Foundation
import TestSupport
import Testing

@Suite("commands of admins, by the real binary", .serialized, .scratchDatabase { try await MartletBinary.applied() })
struct AdminCommandTests {
    /// Runs a command as a shell does that it is pasted into; `--yes` answers what it asks.
    private func pasted(_ command: String) async throws -> MartletBinary.Run {
        let child = try ChildProcess(
            ["sh", "-c", "PATH=\(URL(filePath: MartletBinary.path).deletingLastPathComponent().path):$PATH; \(command)"],
            environment: ["MARTLET_DATABASE_URL": try ScratchDatabase.required().conninfo, "MARTLET_CONFIG": ""])
        let code = try await child.wait(within: .seconds(60))
        return MartletBinary.Run(code: code, output: child.output)
    }

    @Test("a message is enqueued with a reason, listed, cancelled once, and the audit has both")
    func enqueueAndCancel() async throws {
        let martlet = try MartletBinary.here()
        let arguments = [
            "enqueue", "+49 151 12348001", "--class", "transactional", "--template", "order-confirmed", "--variables",
            #"{"order_number": "A-1", "time": "9:30", "total": "£12"}"#, "--group", "by hand", "--why", "the customer got none",
        ]
        #expect(try await martlet.json(arguments + ["--dry-run"])["id"] is NSNull)
        let id = try #require(try await martlet.json(arguments)["id"] as? String)
        let refused = try await martlet.run(arguments.map { $0 == "order-confirmed" ? "order-confirmd" : $0 })
        #expect(refused.code == 2 && refused.output.contains("Did you mean order-confirmed?"), "\(refused.output)")
        #expect(!refused.output.contains("element 1"))

        let listed = try await martlet.json(["messages", "list", "--group", "by hand"])
        #expect((listed["messages"] as? [[String: Any]])?.map { $0["id"] as? String } == [id], "the dry run enqueued nothing")

        #expect(
            try await martlet.json(["message", "cancel", id, "--why", "wrong", "--dry-run"])["result"] as? String == "cancelled")
        #expect(try await martlet.json(["message", "show", id])["state"] as? String == "ready")
        #expect(try await martlet.run(["message", "cancel", id, "--why", "wrong"]).code == 0)
        #expect(try await martlet.json(["message", "show", id])["state"] as? String == "cancelled")
        let dead = try await Owner().deadLetter("+4915112348009")
        let late = try await martlet.run(["message", "cancel", dead, "--why", "x"])
        #expect(late.code == 2 && late.output.contains("is over already"), "\(late.output)")
        #expect(try await martlet.run(["message", "cancel", "--group", "by hand", "--why", "x"]).code == 75)
        #expect(try await martlet.run(["message", "cancel", "--group", "by hand", "--why", "x", "--yes"]).code == 0)

        let audit = try await martlet.json(["audit", "--object", id])
        let entries = try #require(audit["audit"] as? [[String: Any]])
        #expect(entries.map { $0["action"] as? String } == ["cancel", "enqueue"])
        #expect(entries.map { $0["why"] as? String } == ["wrong", "the customer got none"])
        let page = try await martlet.json(["audit", "--limit", "1"])
        let next = try #require(page["after"] as? String)
        let second = try await martlet.json(["audit", "--limit", "1", "--after", next])
        #expect(
            (second["audit"] as? [[String: Any]])?.first?["id"] as? String != (page["audit"] as? [[String: Any]])?.first?["id"]
                as? String)
        let typo = try await martlet.run(["audit", "--action", "cancle"])
        #expect(typo.code == 1 && typo.output.contains("Did you mean cancel?"), "\(typo.output)")
        #expect(try await martlet.run(["audit", "--action", "cancel", "--actor", "nobody"]).output == "none\n")
    }

    @Test(
        "messages are listed page by page by state, class, template and age, and the last line is the command for the next page")
    func pages() async throws {
        let martlet = try MartletBinary.here()
        let owner = try await Owner()
        var ids: [String] = []
        for index in 10..<15 { ids.append(try await owner.enqueue("+49151123482\(index)", template: "flash-sale")) }
        let dead = try await owner.deadLetter("+4915112348299", class: "marketing")
        var found: [String] = []
        var command = "martlet messages list --template flash-sale --state ready --limit 2"
        for _ in 0..<4 {
            let run = try await pasted(command)
            #expect(run.code == 0, "\(run.output)")
            found += ids.filter { run.output.contains($0 + " ") }.reversed()
            guard let next = run.output.split(separator: "\n").first(where: { $0.hasPrefix("next: ") }) else { break }
            command = String(next.dropFirst("next: ".count))
        }
        #expect(found == ids.reversed(), "each once, newest first")
        let byState = try await martlet.json([
            "messages", "list", "--state", "dead", "--class", "marketing", "--newer-than", "1h",
        ])
        #expect((byState["messages"] as? [[String: Any]])?.map { $0["id"] as? String } == [dead])
        #expect(try await martlet.run(["messages", "list", "--older-than", "1d"]).output == "none\n")
        for (option, value, meant) in [
            ("--state", "dleivered", "delivered"), ("--class", "marketin", "marketing"),
            ("--template", "flash-sael", "flash-sale"),
        ] {
            let typo = try await martlet.run(["messages", "list", option, value])
            #expect(typo.code == 1 && typo.output.contains("Did you mean \(meant)?"), "\(typo.output)")
        }
    }

    @Test("an empty list is none with 0; a typo in a filter or a command says what was meant; with --json errors are JSON")
    func empty() async throws {
        let martlet = try MartletBinary.here()
        for command in [["jobs"], ["workers"], ["inbound"], ["webhooks"], ["dead-letters", "list", "--reason", "poison"]] {
            let run = try await martlet.run(command)
            #expect(run.code == 0 && run.output.hasPrefix("none\n"), "\(command): \(run.output)")
        }
        for (arguments, meant) in [
            (["dead-letters", "list", "--reason", "in_dobut"], "in_doubt"),
            (["dead-letters", "list", "--provider", "sandbox-sm"], "sandbox-sms"),
            (["dead-letters", "list", "--channel", "smss"], "sms"), (["report", "--class", "otpp"], "otp"),
            (["dead-letters", "requeue", "--all-matching", "--class", "marketting", "--why", "x", "--yes"], "marketing"),
        ] {
            let run = try await martlet.run(arguments)
            #expect(run.code == 1 && run.output.contains("Did you mean \(meant)?"), "\(arguments): \(run.output)")
        }
        for (arguments, meant) in [
            (["repotr"], "report"), (["dead-letter", "list"], "dead-letters"), (["lanes", "pasue", "3"], "pause"),
            (["config", "aply"], "apply"),
        ] {
            let run = try await martlet.run(arguments)
            #expect(run.code == 64 && run.output.contains("did you mean \(meant)?"), "\(arguments): \(run.output)")
        }
        for arguments in [["repotr", "--json"], ["message", "show", "x", "--json"], ["message", "show", "17", "--json"]] {
            let run = try await martlet.run(arguments)
            let error = try JSONSerialization.jsonObject(with: Data(run.output.utf8)) as? [String: Any]
            #expect((error?["error"] as? [String: Any])?["message"] is String, "\(run.output)")
            #expect(run.code == (arguments.contains("17") ? 1 : 64))
        }
    }

    @Test("config diff shows lines, rollback applies an earlier version again, and templates come back as they were pushed")
    func policy() async throws {
        let martlet = try MartletBinary.here()
        let folder = "/tmp/martlet-rollback-\(UInt64.random(in: 0...UInt64.max))"
        defer { do { try FileManager.default.removeItem(atPath: folder) } catch {} }  // it may never have been made
        try FileManager.default.copyItem(atPath: MartletBinary.config, toPath: folder)
        let caps = "\(folder)/policy/caps.yaml"
        let before = try String(contentsOfFile: caps, encoding: .utf8)
        try (before + "# another line\n").write(toFile: caps, atomically: true, encoding: .utf8)
        #expect(try await martlet.run(["config", "diff", "--config", MartletBinary.config]).output.contains("no difference"))
        let diff = try await martlet.run(["config", "diff", "--config", folder])
        #expect(diff.output.contains("--- caps.yaml (version 1)") && diff.output.contains("\n+# another line"), "\(diff.output)")
        #expect(try await martlet.run(["config", "apply", "--config", folder, "--why", "a try"]).code == 0)
        #expect(try await martlet.json(["config", "diff", "--from", "1", "--to", "2"])["new"] as? String == "version 2")
        #expect(try await martlet.run(["config", "rollback", "7", "--why", "x"]).code == 1)
        #expect(try await martlet.run(["config", "rollback", "1", "--why", "x"]).code == 75)
        #expect(try await martlet.json(["config", "rollback", "1", "--why", "x", "--dry-run"])["dry_run"] as? Bool == true)
        #expect(try await martlet.json(["config", "rollback", "1", "--why", "it was better", "--yes"])["version"] as? Int == 3)
        #expect(try await martlet.run(["config", "diff", "--from", "1"]).output.contains("no difference"))
        let history = try await martlet.json(["config", "show", "--history"], as: [[String: Any]].self)
        #expect(history.map { $0["note"] as? String } == ["it was better", "a try", "tests"])

        try FileManager.default.removeItem(atPath: "\(folder)/templates")
        let pulled = try await martlet.json(["templates", "pull", "--config", folder])
        #expect(((pulled["written"] as? [String])?.count ?? 0) > 20)
        let push = try await martlet.json(["templates", "push", "--config", folder])
        #expect((push["pushed"] as? [Any])?.isEmpty == true, "what was pulled is what was pushed: \(push)")
        let file = "\(folder)/templates/login-code/default.sms.mustache"
        try "another text {{code}}".write(toFile: file, atomically: true, encoding: .utf8)
        let kept = try await martlet.run(["templates", "pull", "--config", folder])
        #expect(kept.code == 2 && kept.output.contains("login-code/default.sms.mustache says something else"), "\(kept.output)")
        #expect(try String(contentsOfFile: file, encoding: .utf8) == "another text {{code}}")
        #expect(
            try await martlet.json(["templates", "pull", "--config", folder, "--replace"])["written"] as? [String] == [
                "login-code/default.sms.mustache"
            ])
        let typo = try await martlet.run(["templates", "pull", "--config", folder, "--key", "login-cod"])
        #expect(typo.code == 1 && typo.output.contains("Did you mean login-code?"), "\(typo.output)")
    }

    @Test("migrate up has a dry run as a flag, and templates preview does not warn of its own brackets")
    func shapes() async throws {
        let martlet = try MartletBinary.here()
        #expect(try await martlet.json(["migrate", "up", "--dry-run"])["applied"] is [Any])
        let preview = try await martlet.run(["templates", "preview", "login-code", "--class", "otp", "--locale", "en"])
        #expect(preview.output.contains("<code>") && !preview.output.contains("GSM-7:"), "\(preview.output)")
    }

    @Test("replies are listed with their sender, the parts of a long one as one")
    func inbound() async throws {
        let martlet = try MartletBinary.here()
        try await Owner().execute(
            """
            insert into martlet_data.inbound_texts (provider, sender, recipient, body, octets, data_coding) values ('carrier', '+4915112348401', '12345', 'STOP', 'STOP', 0);
            with first as (insert into martlet_data.inbound_texts (provider, sender, recipient, body, octets, data_coding, reference, part, parts)
                values ('carrier', '+4915112348402', '12345', 'one ', 'x', 0, 7, 1, 2) returning id)
            insert into martlet_data.inbound_texts (provider, sender, recipient, body, octets, data_coding, reference, part, parts, first_id)
                select 'carrier', '+4915112348402', '12345', 'two', 'x', 0, 7, 2, 2, id from first;
            """)
        let all = try await martlet.json(["inbound", "list"])
        #expect((all["texts"] as? [[String: Any]])?.map { $0["text"] as? String } == ["one two", "STOP"])
        let one = try await martlet.run(["inbound", "list", "+49 151 12348401"])
        #expect(one.output.contains("STOP") && !one.output.contains("one two"), "\(one.output)")
        try await Owner().execute("delete from martlet_data.inbound_texts")
    }

    @Test("what message show and dead-letters show say is next works as it is pasted")
    func next() async throws {
        let martlet = try MartletBinary.here()
        let owner = try await Owner()
        let ready = try await owner.enqueue("+4915112348501")
        let capped = try await owner.enqueue("+4915112348502")
        let suppressed = try await owner.enqueue("+4915112348503")
        try await owner.execute(
            """
            insert into martlet_data.receipts (message_id, kind, code) values (\(capped), 'capped', 'c'), (\(suppressed), 'suppressed', 's');
            update martlet_data.messages set recipient_key = 'O''Hara & Söhne; echo x' where id = \(capped);
            """)
        let dead = try await owner.deadLetter("+4915112348504")
        for (id, part) in [
            (ready, "lanes"), (capped, "caps show"), (suppressed, "suppressions list"), (dead, "dead-letters show"),
        ] {
            let next = try #require(try await martlet.json(["message", "show", id])["next"] as? String)
            #expect(next.contains(part))
            let run = try await pasted(next)
            #expect(run.code == 0, "\(next): \(run.output)")
        }
        for (reason, flag) in [("attempts_exhausted", ""), ("in_doubt", "--may-duplicate"), ("held_word", "--approve-words")] {
            let id = try await owner.deadLetter("+4915112348505", reason: reason)
            let commands = try #require(try await martlet.json(["dead-letters", "show", id])["next"] as? [String])
            #expect(flag.isEmpty || commands[0].contains(flag))
            let run = try await pasted(commands[0])
            #expect(run.code == 0 && run.output.contains("requeued 1"), "\(commands[0]): \(run.output)")
        }
        let code = try await owner.deadLetter("+4915112348506", class: "otp")
        let commands = try #require(try await martlet.json(["dead-letters", "show", code])["next"] as? [String])
        #expect(commands.count == 1 && commands[0].contains("discard"), "a code that is late is not offered for requeue")
        #expect(try await martlet.run(["dead-letters", "show", code]).output.contains("a code is of no use when it comes late"))
        #expect(try await pasted(commands[0] + " --yes").code == 0)
    }
}
