import Domain
import Foundation
import Store
import Text

/// Says what is wrong with this installation, and what to do. Looks at the server, the schema, the policy, workers, lanes, partitions,
/// transactions and dead letters; changes nothing.
public struct ExamineCluster: UseCase {
    public static let role = Role.anybody
    public static let deadline: Duration? = .seconds(60)

    public struct Output: Sendable, JSONConvertible {
        public var findings: [Finding]
        public var isHealthy: Bool { !findings.contains { $0.grade == .bad } }

        public var json: JSONValue { ["healthy": .bool(isHealthy), "findings": findings.json] }
    }

    public init() {}

    /// What is said about a cluster whose database cannot be reached.
    public static func unreachable(_ error: OperationError) -> Output {
        let remedy = "Start the server, or correct MARTLET_DATABASE_URL (or --database-url-file, PGHOST, PGDATABASE, …)."
        return Output(findings: [.bad("reachable", error.message, remedy)])
    }

    public func perform(in context: OperationContext) async throws -> Output {
        let before = ContinuousClock.now
        let facts = try await context.run(ServerFacts())
        // The middle of the round trip is when the server read its clock, as well as we can tell.
        let local = Timestamp(microseconds: Int64(Date().timeIntervalSince1970 * 1e6)) - (ContinuousClock.now - before) / 2
        var findings: [Finding] = [.ok("reachable", "yes")] + ServerChecks.run(facts, local: local)
        let status = try await Migrator(context.database).status()
        if let misfit = status.misfit {
            let remedy = "`martlet migrate status` shows more. What needs the schema was not looked at."
            return Output(findings: findings + [.bad("schema", misfit, remedy)])
        }
        findings.append(.ok("schema", "\(status.entries.last?.version ?? 0), as this binary wants"))
        let actor = context.actor
        guard actor.isAdmin else {
            let remedy = "grant martlet_admin to \(actor.name), or connect with a role that has it. The rest was not looked at."
            return Output(findings: findings + [.bad("role", "\(actor.name) is not martlet_admin", remedy)])
        }
        findings.append(
            actor.isSuperuser
                ? .warn("role", "\(actor.name) is a superuser", "Daily work needs only a role with martlet_admin.")
                : .ok("role", "\(actor.name) has martlet_admin"))
        return Output(findings: try await findings + cluster(context))
    }

    private func cluster(_ context: OperationContext) async throws -> [Finding] {
        let templates = try await context.run(LoadTemplates())
        let (policyFindings, policy) = ClusterChecks.policy(try await context.run(LoadPolicy()), templates: templates.count)
        let lanes = try await context.run(ListLanes())
        let waiting = lanes.reduce(0) { $0 + $1.ready + $1.due }
        var findings = policyFindings
        findings += ClusterChecks.workers(try await context.run(ListWorkers(all: false)), waiting: waiting)
        findings += ClusterChecks.lanes(lanes, policy: policy, now: try await context.now())
        findings += ClusterChecks.queue(try await context.run(QueueFacts()))
        findings.append(ClusterChecks.retention(try await context.run(HeldDays(keep: .seconds(35 * 86_400)))))
        findings += ClusterChecks.rings(try await context.run(RingFacts()))
        findings.append(
            ClusterChecks.transactions(try await context.run(OldTransactions()), seesAll: context.actor.seesActivity))
        findings.append(ClusterChecks.unreadable(try await context.run(UnreadableTexts())))
        findings.append(ClusterChecks.deadLetters(try await context.run(CountDeadLetters(filter: DeadLetterFilter()))))
        return findings
    }
}
