import Foundation
import TestSupport
import Testing

@Suite("campaigns, audiences and codes, by the real binary", .serialized, .scratchDatabase { try await MartletBinary.applied() })
struct CampaignCommandTests {
    @Test("a marketer's way: validate, apply, audience, codes, preview, start, pause, resume, stop, report, why")
    func wholeWay() async throws {
        let martlet = try MartletBinary.here()
        #expect(
            try await martlet.run(["campaigns", "validate", "--config", MartletBinary.config]).output.contains("3 campaigns"))
        let dry = try await martlet.json(["campaigns", "apply", "--config", MartletBinary.config, "--dry-run"])
        #expect((dry["changed"] as? [Any])?.count == 3)
        let applied = try await martlet.json(["campaigns", "apply", "--config", MartletBinary.config])
        #expect((applied["changed"] as? [Any])?.count == 3)
        #expect(try await martlet.run(["campaigns", "apply", "--config", MartletBinary.config]).output.contains("unchanged"))
        #expect(try await martlet.run(["campaigns", "show", "spring-sale"]).output.contains("holdout: 10%"))

        // What the campaign needs and is not there is told one by one.
        #expect(
            try await martlet.run(["campaigns", "start", "spring-sale", "--yes"]).output.contains(
                "field audience: there is no audience 'members'"))
        let query =
            "select 'c-' || g as person, '+44' || (7700000000 + g) as sms, json_build_object('name', 'n' || g) as variables from generate_series(1, 50) g union all select 'double', '+447700000001', null"
        let audience = try await martlet.json(["audiences", "create", "members", "--query", query])
        #expect(audience["members"] as? Int == 50 && audience["rejected"] as? Int == 1)
        #expect(try await martlet.run(["audiences", "show", "members"]).output.contains("sms: is the same as in row"))
        #expect(
            try await martlet.run(["campaigns", "start", "spring-sale", "--yes"]).output.contains(
                "field codes: pool 'spring' has no free code"))
        let file = NSTemporaryDirectory() + "codes-\(UUID().uuidString).txt"
        try Data((1...60).map { "S\($0)\n" }.joined().utf8).write(to: URL(filePath: file))
        defer { unlink(file) }
        #expect(try await martlet.json(["codes", "load", "spring", "--file", file])["loaded"] as? Int == 60)

        let preview = try await martlet.json(["campaigns", "preview", "spring-sale"])
        #expect(preview["members"] as? Int == 50 && preview["without_zone"] as? Int == 50 && preview["free_codes"] as? Int == 60)
        #expect((try await martlet.json(["campaigns", "list"])["runs"] as? [Any])?.isEmpty == true)
        let started = try await martlet.json(["campaigns", "start", "spring-sale", "--yes"])
        let run = try #require(started["run"] as? Int)
        #expect((started["to_be_sent"] as? Int ?? 0) + (started["held_out"] as? Int ?? 0) == 50)

        let why = try await martlet.json(["why", "c-1"], as: [[String: Any]].self)
        #expect(why.first?["campaign"] as? String == "spring-sale")
        #expect(try await martlet.run(["why", "nobody"]).code == 1)
        #expect(try await martlet.json(["campaigns", "pause", "\(run)", "--why", "wrong price"])["in_flight"] as? Int == 0)
        let listed = try await martlet.run(["campaigns", "list"]).output
        #expect(listed.contains("paused (operator): wrong price"), "\(listed)")
        #expect(
            try await martlet.json(["campaigns", "resume", "\(run)", "--why", "right", "--dry-run"])["waiting"] as? Int == 50)
        #expect(try await martlet.run(["campaigns", "resume", "\(run)", "--why", "right", "--late", "send"]).code == 0)
        #expect(try await martlet.run(["campaigns", "resume", "\(run)", "--why", "again"]).output.contains("is not paused"))
        #expect(try await martlet.run(["campaigns", "stop", "\(run)", "--why", "sold out"]).code == 75)
        #expect(
            try await martlet.json(["campaigns", "stop", "\(run)", "--why", "sold out", "--yes"])["stopped_at"] as? String != nil)
        let report = try await martlet.json(["campaigns", "report", "\(run)"])
        #expect(report["adds_up"] as? Bool == true)
        #expect(try await martlet.run(["campaigns", "report", "4711"]).code == 1)
        #expect(try await martlet.run(["campaigns", "start", "nothing", "--yes"]).code == 1)

        let sent = try await martlet.json(
            ["campaigns", "test", "spring-sale", "--to", "+44 7700 900123", "--variables", #"{"name": "Ann"}"#],
            as: [[String: Any]].self)
        #expect(sent.map { $0["variant"] as? String } == ["sale", "visit"])
        #expect(try await martlet.json(["audiences", "remove", "members", "--why", "done", "--yes"])["members"] as? Int == 50)
        #expect(try await martlet.json(["codes", "show"], as: [[String: Any]].self).first?["free"] as? Int == 60)
    }

    @Test("a mistake in a campaign's file is told with its path, line and field, and nothing is stored")
    func mistake() async throws {
        let martlet = try MartletBinary.here()
        let directory = NSTemporaryDirectory() + "config-\(UUID().uuidString)"
        defer { do { try FileManager.default.removeItem(atPath: directory) } catch { print("\(directory): \(error)") } }
        try FileManager.default.copyItem(atPath: MartletBinary.config, toPath: directory)
        try Data("audience: members\nclass: marketting\nchannel: sms\ntemplate: flash-sale\ntime_zone: Europe/London\n".utf8)
            .write(to: URL(filePath: directory + "/campaigns/wrong.yaml"))
        let run = try await martlet.run(["campaigns", "apply", "--config", directory])
        #expect(run.code == 65)
        #expect(
            run.output.contains(
                "\(directory)/campaigns/wrong.yaml:2:8: class: unknown class `marketting`; did you mean marketing?"),
            "\(run.output)")
    }
}
