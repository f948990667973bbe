import Domain
import Foundation
import Settings
import Store
import TestSupport
import Testing

@testable import Operations

@Suite("Applying a policy", .serialized, .migratedDatabase)
struct PolicyTests {
    private static let directory = ConfigDirectory(PythonTool.repository + "/Config")

    private func office() async throws -> (cluster: Cluster, actor: Operations.Actor) {
        let cluster = Cluster(
            options: DatabaseOptions(conninfo: try ScratchDatabase.required().conninfo, applicationName: "tests"))
        return (cluster, try await Operations.Actor.login(on: cluster))
    }

    @Test(
        "a dry run leaves nothing; what is unchanged is not stored again; a class is retired only by an admin who has seen the plan"
    )
    func apply() async throws {
        let (cluster, actor) = try await office()
        let content = try Self.directory.load()
        func versions() async throws -> Int {
            try await ShowPolicyHistory(limit: 10).run(on: cluster, as: actor).count
        }
        let dry = try await ApplyPolicy(content: content, note: nil, dryRun: true).run(on: cluster, as: actor)
        #expect(dry.isDryRun && !dry.pushed.isEmpty && dry.change.classesAdded.contains("otp"))
        #expect(try await versions() == 0)
        #expect(try await ShowTemplates(key: nil, channel: nil).run(on: cluster, as: actor).isEmpty)

        let first = try await ApplyPolicy(content: content, note: "first").run(on: cluster, as: actor)
        #expect(first.version == 1 && !first.isUnchanged)
        let second = try await ApplyPolicy(content: content, note: "again").run(on: cluster, as: actor)
        #expect(second.isUnchanged && second.version == 1)
        #expect(try await versions() == 1)

        var smaller = content
        smaller.files["classes.yaml"]? += "\n# without marketing\n"
        smaller.policy.classes["marketing"] = nil
        let unconfirmed = await #expect(throws: OperationError.self) {
            try await ApplyPolicy(content: smaller, note: nil).run(on: cluster, as: actor)
        }
        #expect(unconfirmed?.kind == .refused && unconfirmed?.message.contains("marketing") == true)
        let plan = try await PlanPolicy(content: smaller).run(on: cluster, as: actor)
        #expect(plan.change.classesRetired == ["marketing"])
        var other = plan.change
        other.classesRetired = ["otp"]
        let stale = await #expect(throws: OperationError.self) {
            try await ApplyPolicy(content: smaller, note: nil, confirmed: other).run(on: cluster, as: actor)
        }
        #expect(stale?.kind == .cancelled)
        let third = try await ApplyPolicy(content: smaller, note: nil, confirmed: plan.change).run(on: cluster, as: actor)
        #expect(third.version == 2)
        await cluster.close()
    }

    @Test("what is wrong with a directory is a value, with each problem's place")
    func check() {
        let missing = CheckConfiguration(directory: ConfigDirectory("/nowhere")).run()
        #expect(!missing.isValid && missing.problems.contains { $0.file.hasPrefix("/nowhere") })
        #expect(CheckConfiguration(directory: Self.directory).run().isValid)
    }
}
