import Foundation
import TestSupport
import Testing

@Suite("journeys, by the real binary", .serialized, .scratchDatabase { try await MartletBinary.applied() })
struct JourneyCommandTests {
    @Test("validate, apply, enter, people, pause, resume, exit, report, and a new version that moves people")
    func wholeWay() async throws {
        let martlet = try MartletBinary.here()
        #expect(try await martlet.run(["journeys", "validate", "--config", MartletBinary.config]).output.contains("6 journeys"))
        #expect(try await martlet.run(["journeys"]).output.contains("no journey has been applied"))
        let dry = try await martlet.json(["journeys", "apply", "--config", MartletBinary.config, "--dry-run"])
        #expect((dry["changed"] as? [Any])?.count == 6)
        #expect((try await martlet.json(["journeys", "list"], as: [[String: Any]].self)).isEmpty)
        let applied = try await martlet.json(["journeys", "apply", "--config", MartletBinary.config])
        #expect((applied["changed"] as? [Any])?.count == 6)
        #expect(try await martlet.run(["journeys", "apply", "--config", MartletBinary.config]).output.contains("unchanged"))
        #expect(try await martlet.run(["journeys", "show", "cart-left"]).output.contains("goals: [order.paid]"))

        let data = #"{"sms": "+447700900123", "item": "a lamp"}"#
        #expect(try await martlet.json(["journeys", "enter", "cart-left", "c-1", "--data", data])["entered"] as? Int == 1)
        #expect(try await martlet.json(["journeys", "enter", "cart-left", "c-1", "--data", data])["kept_out"] as? Int == 1)
        #expect(
            try await martlet.run(["journeys", "enter", "cart-left"]).output.contains(
                "is entered by an event, not by an audience"))
        #expect(try await martlet.run(["journeys", "enter", "cart-lef", "c-1"]).output.contains("Did you mean cart-left?"))
        let people = try await martlet.json(["journeys", "people", "cart-left", "--recipient", "c-1"], as: [[String: Any]].self)
        #expect(people.count == 1 && people.first?["doing"] as? String == "due" && people.first?["step"] as? String == "an-hour")
        #expect(try await martlet.json(["journeys", "pause", "cart-left", "--why", "wrong price"])["people"] as? Int == 1)
        #expect(try await martlet.run(["journeys"]).output.contains("paused: wrong price"))
        #expect(try await martlet.json(["journeys", "resume", "cart-left", "--why", "x", "--dry-run"])["late"] as? Int == 1)
        #expect(try await martlet.run(["journeys", "resume", "cart-left", "--why", "right"]).code == 0)
        #expect(try await martlet.run(["journeys", "resume", "cart-left", "--why", "again"]).output.contains("is not paused"))

        // A version without the step at which the person is.
        let directory = NSTemporaryDirectory() + "config-\(UUID().uuidString)"
        defer { do { try FileManager.default.removeItem(atPath: directory) } catch { print("\(directory): \(error)") } }
        try FileManager.default.copyItem(atPath: MartletBinary.config, toPath: directory)
        let path = directory + "/journeys/cart-left.yaml"
        let text = try String(contentsOfFile: path, encoding: .utf8).replacing(
            "an-hour: {wait: 1h}", with: "two-hours: {wait: 2h}")
        try Data(text.utf8).write(to: URL(filePath: path))
        let plan = try await martlet.run(["journeys", "apply", "--config", directory, "--dry-run"])
        #expect(plan.output.contains("removed, and the file does not say where they go"), "\(plan.output)")
        let refused = try await martlet.run(["journeys", "apply", "--config", directory, "--migrate"])
        #expect(refused.code == 2 && refused.output.contains("removed: {an-hour: STEP}"), "\(refused.output)")
        try Data((text + "removed: {an-hour: reminder}\n").utf8).write(to: URL(filePath: path))
        let moved = try await martlet.json(["journeys", "apply", "--config", directory, "--migrate"])
        #expect(((moved["changed"] as? [[String: Any]])?.first?["moved"]) as? Int == 1)
        #expect(try await martlet.run(["journeys", "people", "cart-left", "--step", "reminder"]).output.contains("c-1"))

        #expect(try await martlet.json(["journeys", "exit", "cart-left", "c-1", "--why", "asked"])["was_in"] as? Bool == true)
        #expect(try await martlet.json(["journeys", "exit", "cart-left", "c-1", "--why", "asked"])["was_in"] as? Bool == false)
        let report = try await martlet.json(["journeys", "report", "cart-left"])
        #expect(report["entered"] as? Int == 1 && report["goals"] as? Int == 0)
        #expect(try await martlet.run(["journeys", "report", "cart-left"]).output.contains("by hand: asked"))
        #expect(try await martlet.run(["journeys", "report", "nothing"]).code == 1)
        #expect(try await martlet.run(["audit", "list"]).output.contains("exit_journey"))
    }

    @Test("a mistake in a journey's file is told with its path, line and field, and nothing is stored")
    func mistake() async throws {
        let martlet = try MartletBinary.here()
        let directory = NSTemporaryDirectory() + "config-\(UUID().uuidString)"
        defer { do { try FileManager.default.removeItem(atPath: directory) } catch { print("\(directory): \(error)") } }
        try FileManager.default.copyItem(atPath: MartletBinary.config, toPath: directory)
        let path = directory + "/journeys/cart-left.yaml"
        let text = try String(contentsOfFile: path, encoding: .utf8).replacing("send: cart-reminder", with: "send: cart-remindr")
        try Data(text.utf8).write(to: URL(filePath: path))
        let run = try await martlet.run(["journeys", "apply", "--config", directory])
        #expect(run.code == 65)
        #expect(
            run.output.contains(
                "\(path):14:20: steps.reminder.send: no template `cart-remindr` for channel sms; did you mean cart-reminder?"),
            "\(run.output)")
    }
}
