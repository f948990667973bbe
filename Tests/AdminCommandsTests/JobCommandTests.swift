import Foundation
import TestSupport
import Testing

@Suite("jobs, by the real binary", .serialized, .scratchDatabase { try await MartletBinary.applied() })
struct JobCommandTests {
    @Test("a job without a waiting command is shown with its results, stopped with a reason, and listed afterwards")
    func detached() async throws {
        let martlet = try MartletBinary.here()
        let owner = try await Owner()
        for index in 10..<20 { _ = try await owner.deadLetter("+49151123451\(index)", reason: "detached") }
        let begun = try await martlet.json([
            "dead-letters", "requeue", "--all-matching", "--reason", "detached", "--why", "the carrier is back", "--per-second",
            "2",
            "--detach", "--yes",
        ])
        let id = try #require(begun["id"] as? String)
        #expect(begun["messages"] as? Int == 10 && begun["state"] as? String == "running")
        let shown = try await martlet.json(["jobs", "show", id])
        #expect((shown["selection"] as? [String: Any])?["reason"] as? String == "detached")
        #expect((shown["results"] as? [[String: Any]])?.map { $0["result"] as? String } == Array(repeating: "waiting", count: 10))
        let people = try await martlet.run(["jobs", "show", id])
        #expect(people.output.contains("No worker is live") && people.output.contains("10 waiting"), "\(people.output)")
        let stop = try await martlet.run(["jobs", "stop", id, "--why", "wrong filter"])
        #expect(stop.code == 0 && stop.output.contains("job \(id) is stopped: 0 done, 0 skipped, 10 left"), "\(stop.output)")
        let list = try await martlet.json(["jobs"], as: [[String: Any]].self)
        #expect(list.first { $0["id"] as? String == id }?["stop_reason"] as? String == "wrong filter")
        #expect(try await martlet.run(["jobs", "stop", "999", "--why", "x"]).code == 2)
        #expect(try await martlet.run(["jobs", "show", "999"]).code == 1)
    }

    @Test("a command that is killed while it waits leaves its job to others, with what is done")
    func killed() async throws {
        let martlet = try MartletBinary.here()
        let owner = try await Owner()
        for index in 10..<70 { _ = try await owner.deadLetter("+49151123452\(index)", reason: "killed") }
        let command = try ChildProcess(
            [
                MartletBinary.path, "dead-letters", "discard", "--all-matching", "--reason", "killed", "--why", "test",
                "--per-second", "2",
                "--yes",
            ], environment: ["MARTLET_DATABASE_URL": martlet.conninfo, "MARTLET_CONFIG": ""])
        let done = "select coalesce(max(done), 0)::int8 from martlet.jobs where action = 'discard'"
        try await eventually(within: .seconds(30), poll: .milliseconds(2), "it works on its job") {
            try await owner.count(done) > 0
        }
        command.kill(SIGKILL)
        _ = try await command.wait()
        #expect(try await owner.count("select count(*) from martlet.jobs where action = 'discard' and state = 'running'") == 1)
        // What a worker does.
        try await owner.execute("update martlet_data.jobs set per_second = null, next_at = now()")
        _ = try await owner.count("select count(*) from martlet_data.work_on_jobs(null, 500)")
        #expect(
            try await owner.count(
                "select count(*) from martlet.jobs where action = 'discard' and state = 'finished' and done = 60") == 1)
        #expect(try await owner.count("select count(*) from martlet_data.receipts where kind = 'discarded'") == 60)
    }
}
